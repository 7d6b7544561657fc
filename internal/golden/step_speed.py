"""The speed of a training step of the same network in PyTorch, to put beside ours: BenchmarkTrainingStep on the
CPU, examples/bench on a GPU.

Usage: python step_speed.py [-h] [options] [width ...]. Prints the best of five rounds, in images/s, for both memory
layouts. A step is forward, backward, loss and update, on one batch in the device's memory; weights are in float32.
"""

import argparse
import time

import torch
from torch import nn


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


def images_per_second(width, memory_format, options):
    torch.manual_seed(0)
    device = options.device
    model = resnet9(width).to(device, memory_format=memory_format)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4, nesterov=True)
    images = torch.randn(options.batch, 3, 32, 32).to(device, memory_format=memory_format)
    labels = torch.randint(10, (options.batch,)).to(device)
    forward = model
    if options.compile:
        torch.compiler.reset()  # else all but the first layout and width are compiled for strides that are not known
        forward = torch.compile(model)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device, torch.bfloat16, enabled=options.dtype == "bfloat16"):
            loss = nn.functional.cross_entropy(forward(images) * 0.125, labels)
        loss.backward()
        optimizer.step()

    def wait():
        if device == "cuda":
            torch.cuda.synchronize()

    for _ in range(options.warm_up):
        step()
    best = 0.0
    for _ in range(5):
        wait()
        start = time.perf_counter()
        for _ in range(options.steps):
            step()
        wait()
        best = max(best, options.steps * options.batch / (time.perf_counter() - start))
    return best


def parse():
    parser = argparse.ArgumentParser(description="The speed of a training step in PyTorch.")
    parser.add_argument("widths", metavar="width", nargs="*", type=int, default=[8, 16, 64])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32", help="bfloat16: by autocast")
    parser.add_argument("--batch", type=int, default=128, help="images a step")
    parser.add_argument("--compile", action="store_true", help="with torch.compile")
    options = parser.parse_args()
    # A GPU starts slowly, chooses its kernels first, and does hundreds of steps in a second.
    options.warm_up, options.steps = (20, 100) if options.device == "cuda" else (1, 6)
    return options


def main():
    options = parse()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    if options.device == "cuda":
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")  # TF32, as GoMLX has it
        print(f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}")
    print(f"{options.dtype}, batch {options.batch}, {'torch.compile' if options.compile else 'eager'}")
    for width in options.widths:
        for name in ("contiguous_format", "channels_last"):
            print(f"width {width}, {name}: {images_per_second(width, getattr(torch, name), options):.1f} images/s")


main()
