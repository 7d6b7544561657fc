"""The networks, on PyTorch's own layers. Weights are [out, height, width, in], images [batch, height, width,
channels]; names are those of the Go code."""

import math

import torch
import torch.nn.functional as F

from draws import uniform

NOISE = 1e-6  # added to every convolution on request, in standard deviations of its output


class Network:
    """Named tensors, each drawn when it is first used, and the layers over them. logits is one of the functions below;
    salt goes before every name that is drawn; the parts that are frozen are not trained, and their norms use the running
    statistics throughout."""

    def __init__(self, logits, salt, dtype, width=8, noise_seed=None, frozen=()):
        self.logits_of, self.salt, self.dtype, self.width, self.frozen = logits, salt, dtype, width, frozen
        self.noise, self.training, self.multiply_adds = None, False, 0
        self.parameters, self.statistics = {}, {}  # what is trained; the running statistics and fixed filters
        with torch.no_grad():
            self.logits(torch.zeros(1, 32, 32, 3, dtype=dtype))  # draws them all
        for w in self.parameters.values():
            w.requires_grad_()
        self.training = True
        if noise_seed is not None:
            self.noise = torch.Generator().manual_seed(noise_seed)

    def logits(self, images):
        self.multiply_adds = 0
        return self.logits_of(self, images.permute(0, 3, 1, 2).contiguous()).flatten(1)

    def is_frozen(self, name):
        return name.split("/")[0] in self.frozen

    def parameter(self, name, shape, bound, offset=0.0):
        if self.is_frozen(name):
            return self.statistic(name, uniform(self.salt + name, shape, bound, offset))
        if name not in self.parameters:
            self.parameters[name] = uniform(self.salt + name, shape, bound, offset).to(self.dtype)
        return self.parameters[name]

    def statistic(self, name, initial):
        if name not in self.statistics:
            self.statistics[name] = initial.to(self.dtype)
        return self.statistics[name]

    def conv(self, x, name, channels, kernel=3, stride=1):
        shape = (channels, kernel, kernel, x.shape[1])
        weight = self.parameter(f"{name}/weight", shape, math.prod(shape[1:]) ** -0.5)
        return self.filter(x, weight, stride, kernel // 2)

    def whitening(self, x, name, channels, kernel=3, padding=1, bias=False):
        """A fixed convolution. Its filters are drawn too: where they come from does not matter here."""
        shape = (channels, kernel, kernel, x.shape[1])
        initial = uniform(f"{self.salt}{name}/weight", shape, math.prod(shape[1:]) ** -0.5)
        x = self.filter(x, self.statistic(f"{name}/weight", initial), 1, padding)
        return x + self.parameter(f"{name}/bias", (channels,), 0.2).view(-1, 1, 1) if bias else x

    def filter(self, x, weight, stride, padding):
        x = F.conv2d(x, weight.permute(0, 3, 1, 2), stride=stride, padding=padding)
        self.multiply_adds += x[0].numel() * weight[0].numel()
        if self.noise is not None:
            x = x + NOISE * x.detach().std() * torch.randn(x.shape, generator=self.noise, dtype=x.dtype)
        return x

    def norm(self, x, name, groups=1, frozen_scale=False, eps=1e-5):
        """Batch norm, image i on its own in group i % groups in training. Running statistics move by
        0.1 of the way to the mean of the groups' means and of their unbiased variances."""
        channels = x.shape[1]
        scale = None if frozen_scale else self.parameter(f"{name}/scale", (channels,), 0.5, offset=1.0)
        bias = self.parameter(f"{name}/bias", (channels,), 0.2)
        means, variances = torch.zeros(channels), torch.ones(channels)
        if self.is_frozen(name):
            means = uniform(f"{self.salt}{name}/mean", (channels,), 0.2)
            variances = uniform(f"{self.salt}{name}/variance", (channels,), 0.5, 1.0)
        mean, variance = self.statistic(f"{name}/mean", means), self.statistic(f"{name}/variance", variances)
        if not self.training or self.is_frozen(name):
            return F.batch_norm(x, mean, variance, scale, bias, eps=eps)
        # With a momentum of 1, PyTorch's running statistics of a group are those of the group.
        means, variances = torch.zeros(2, groups, channels, dtype=x.dtype)
        y = [
            F.batch_norm(x[g::groups], means[g], variances[g], scale, bias, training=True, momentum=1.0, eps=eps)
            for g in range(groups)
        ]
        mean.lerp_(means.mean(0), 0.1)
        variance.lerp_(variances.mean(0), 0.1)
        return torch.stack(y, dim=1).flatten(0, 1)

    def linear(self, x, name, bias=False):
        x = x.flatten(1)
        weight = self.parameter(f"{name}/weight", (10, x.shape[1]), x.shape[1] ** -0.5)
        self.multiply_adds += weight.numel()
        return F.linear(x, weight, self.parameter(f"{name}/bias", (10,), 0.2) if bias else None)


def global_max(x):
    return F.max_pool2d(x, x.shape[2])


def dawn(net, x):
    """A convolution and four stages of two pre-activation residual blocks."""

    def block(x, name, channels, stride):
        x = shortcut = F.relu(net.norm(x, f"{name}/norm1"))
        if x.shape[1] != channels or stride != 1:
            shortcut = net.conv(x, f"{name}/shortcut", channels, kernel=1, stride=stride)
        x = net.conv(x, f"{name}/conv1", channels, stride=stride)
        x = F.relu(net.norm(x, f"{name}/norm2"))
        return net.conv(x, f"{name}/conv2", channels) + shortcut

    x = net.conv(x, "prep/conv", net.width)
    for i, (multiple, stride) in enumerate(((1, 1), (2, 2), (4, 2), (4, 2))):
        x = block(x, f"layer{i + 1}/block1", multiple * net.width, stride)
        x = block(x, f"layer{i + 1}/block2", multiple * net.width, 1)
    x = torch.cat((global_max(x), x.mean((2, 3), keepdim=True)), dim=1)
    return net.linear(x, "classifier", bias=True)


def backbone(net, x, residual=()):
    """A convolution and three stages with a pool, those in residual with a residual block at their end."""

    def conv_norm_relu(x, conv, norm, channels):
        return F.relu(net.norm(net.conv(x, conv, channels), norm))

    x = conv_norm_relu(x, "prep/conv", "prep/norm", net.width)
    for layer, multiple in (("layer1", 2), ("layer2", 4), ("layer3", 8)):
        channels = multiple * net.width
        x = F.max_pool2d(conv_norm_relu(x, f"{layer}/conv", f"{layer}/norm", channels), 2)
        if layer in residual:
            y = conv_norm_relu(x, f"{layer}/residual/conv1", f"{layer}/residual/norm1", channels)
            x = x + conv_norm_relu(y, f"{layer}/residual/conv2", f"{layer}/residual/norm2", channels)
    return net.linear(global_max(x), "classifier") * 0.125


def resnet9(net, x):
    return backbone(net, x, residual=("layer1", "layer3"))


def bag_of_tricks(net, x):
    """resnet9 behind a patch whitening, its pools before the norms, ghost batch norm without scales, and CELU."""

    def norm_celu(x, norm):
        return F.celu(net.norm(x, norm, groups=16, frozen_scale=True), alpha=0.3)

    x = net.whitening(x, "prep/whitening", 27)
    x = norm_celu(net.conv(x, "prep/conv", net.width, kernel=1), "prep/norm")
    for layer, multiple in (("layer1", 2), ("layer2", 4), ("layer3", 8)):
        channels = multiple * net.width
        x = norm_celu(F.max_pool2d(net.conv(x, f"{layer}/conv", channels), 2), f"{layer}/norm")
        if layer != "layer2":
            y = norm_celu(net.conv(x, f"{layer}/residual/conv1", channels), f"{layer}/residual/norm1")
            x = x + norm_celu(net.conv(y, f"{layer}/residual/conv2", channels), f"{layer}/residual/norm2")
    return net.linear(global_max(x), "classifier") / 16


def airbench96(net, x):
    """Three stages of three convolutions behind a patch whitening with a bias, the last two of each with a shortcut beside
    them, and GELU, also behind the sum."""

    def norm(x, name):
        return net.norm(x, name, frozen_scale=True, eps=1e-12)

    x = F.gelu(net.whitening(x, "prep/whitening", 24, kernel=2, padding=0, bias=True))
    for layer, multiple in (("layer1", 1), ("layer2", 3), ("layer3", 4)):
        channels = multiple * net.width
        x = F.gelu(norm(F.max_pool2d(net.conv(x, f"{layer}/conv", channels), 2), f"{layer}/norm"))
        y = F.gelu(norm(net.conv(x, f"{layer}/residual/conv1", channels), f"{layer}/residual/norm1"))
        x = F.gelu(x + norm(net.conv(y, f"{layer}/residual/conv2", channels), f"{layer}/residual/norm2"))
    return net.linear(global_max(x), "classifier") / 9


def airbench94_2025(net, x):
    """Three stages of two convolutions behind a patch whitening with a bias, which GELU follows, and SiLU everywhere else."""

    def norm_silu(x, name):
        return F.silu(net.norm(x, name, frozen_scale=True, eps=1e-12))

    x = F.gelu(net.whitening(x, "prep/whitening", 24, kernel=2, padding=0, bias=True))
    for layer, multiple in (("layer1", 1), ("layer2", 4), ("layer3", 4)):
        channels = multiple * net.width
        x = norm_silu(F.max_pool2d(net.conv(x, f"{layer}/conv", channels), 2), f"{layer}/norm")
        x = norm_silu(net.conv(x, f"{layer}/extra/conv1", channels), f"{layer}/extra/norm1")
    return net.linear(global_max(x), "classifier") / 9
