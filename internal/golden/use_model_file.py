"""Prints what PyTorch makes of a saved model: for each image a line with the logarithms of the classes' probabilities.

Arguments: the loader of docs/models.md as a file, the model's file, the network's function in networks.py, and a file
with the images' pixels, bytes [n, 32, 32, 3].
"""

import runpy
import sys

import numpy as np
import torch
import torch.nn.functional as F

import networks


class Loaded(networks.Network):
    """A network with the variables of a file, which the loader has put in PyTorch's order."""

    def __init__(self, logits, variables):
        self.variables, self.used = variables, set()
        super().__init__(logits, salt="", dtype=torch.float32)
        self.training = False

    def parameter(self, name, *args, **named):
        self.used.add(name)
        return self.variables[name]

    statistic = parameter

    def filter(self, x, weight, stride):
        return F.conv2d(x, weight, stride=stride, padding=weight.shape[2] // 2)

    def norm(self, x, name):
        scale, bias, mean, variance = (self.parameter(f"{name}/{v}") for v in ("scale", "bias", "mean", "variance"))
        return F.batch_norm(x, mean, variance, scale, bias)


loader, path, network, images = sys.argv[1:]
variables, model = runpy.run_path(loader)["load"](path)
net = Loaded(getattr(networks, network), variables)
assert net.used == set(variables), net.used ^ set(variables)
pixels = torch.from_numpy(np.fromfile(images, np.uint8).astype(np.float32)).view(-1, 32, 32, 3)
mean, std = (torch.tensor(model["normalization"][name]) for name in ("mean", "std"))
for row in F.log_softmax(net.logits((pixels - mean) / std), dim=1).tolist():
    print(*row)
