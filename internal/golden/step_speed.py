"""The speed of a training step of the same network in CPU PyTorch, to put beside BenchmarkTrainingStep.

Usage: python step_speed.py [width ...]. Prints the best of five rounds, in images/s, for both memory layouts.
"""

import sys
import time

import torch
from torch import nn

BATCH = 128


class Residual(nn.Module):
    def __init__(self, branch):
        super().__init__()
        self.branch = branch

    def forward(self, x):
        return x + self.branch(x)


def conv(c_in, c_out):
    return nn.Sequential(nn.Conv2d(c_in, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU(inplace=True))


def resnet9(w):
    return nn.Sequential(
        conv(3, w),
        conv(w, 2 * w), nn.MaxPool2d(2), Residual(nn.Sequential(conv(2 * w, 2 * w), conv(2 * w, 2 * w))),
        conv(2 * w, 4 * w), nn.MaxPool2d(2),
        conv(4 * w, 8 * w), nn.MaxPool2d(2), Residual(nn.Sequential(conv(8 * w, 8 * w), conv(8 * w, 8 * w))),
        nn.MaxPool2d(4), nn.Flatten(), nn.Linear(8 * w, 10, bias=False),
    )  # fmt: skip


def images_per_second(width, memory_format):
    torch.manual_seed(0)
    model = resnet9(width).to(memory_format=memory_format)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4, nesterov=True)
    images = torch.randn(BATCH, 3, 32, 32).to(memory_format=memory_format)
    labels = torch.randint(10, (BATCH,))

    def step():
        optimizer.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(model(images) * 0.125, labels).backward()
        optimizer.step()

    step()
    best = 0.0
    for _ in range(5):
        steps = 6
        start = time.perf_counter()
        for _ in range(steps):
            step()
        best = max(best, steps * BATCH / (time.perf_counter() - start))
    return best


def main():
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    for width in map(int, sys.argv[1:] or (8, 16, 64)):
        for name in ("contiguous_format", "channels_last"):
            print(f"width {width}, {name}: {images_per_second(width, getattr(torch, name)):.1f} images/s")


main()
