"""What other libraries do in the same time: one measurement, whose figure is the last line.

Usage: python peers.py train NETWORK WIDTH BATCH DTYPE MODE SECONDS, or python peers.py predict FILE.onnx IMAGES SECONDS.
NETWORK is resnet9 or airbench94, DTYPE float32 or bfloat16 (by autocast), MODE eager or compile. Training prints
images/s of the better memory layout: forward, backward, loss and update on one batch in memory. Prediction prints
milliseconds a call of ONNX Runtime, the median.
"""

import statistics
import sys
import time


def conv(nn, c_in, c_out, *between, act=None):
    return nn.Sequential(nn.Conv2d(c_in, c_out, 3, padding=1, bias=False), *between, nn.BatchNorm2d(c_out), act or nn.ReLU(inplace=True))


def resnet9(nn, w):
    class Residual(nn.Module):
        def __init__(self, branch):
            super().__init__()
            self.branch = branch

        def forward(self, x):
            return x + self.branch(x)

    return nn.Sequential(
        conv(nn, 3, w),
        conv(nn, w, 2 * w), nn.MaxPool2d(2), Residual(nn.Sequential(conv(nn, 2 * w, 2 * w), conv(nn, 2 * w, 2 * w))),
        conv(nn, 2 * w, 4 * w), nn.MaxPool2d(2),
        conv(nn, 4 * w, 8 * w), nn.MaxPool2d(2), Residual(nn.Sequential(conv(nn, 8 * w, 8 * w), conv(nn, 8 * w, 8 * w))),
        nn.MaxPool2d(4), nn.Flatten(), nn.Linear(8 * w, 10, bias=False),
    )  # fmt: skip


def airbench94(nn, w):
    whitening = nn.Conv2d(3, 24, 2)
    whitening.weight.requires_grad = False
    layers = [whitening, nn.GELU()]
    c_in = 24
    for c_out in (w, 4 * w, 4 * w):
        layers += [conv(nn, c_in, c_out, nn.MaxPool2d(2), act=nn.GELU()), conv(nn, c_out, c_out, act=nn.GELU())]
        c_in = c_out
    return nn.Sequential(*layers, nn.MaxPool2d(3), nn.Flatten(), nn.Linear(4 * w, 10, bias=False))


def train(network, width, batch, dtype, mode, seconds):
    import torch
    from torch import nn

    best = 0.0
    for layout in (torch.contiguous_format, torch.channels_last):
        torch.manual_seed(0)
        model = {"resnet9": resnet9, "airbench94": airbench94}[network](nn, int(width)).to(memory_format=layout)
        parameters = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=5e-4, nesterov=True)
        images = torch.randn(int(batch), 3, 32, 32).to(memory_format=layout)
        labels = torch.randint(10, (int(batch),))
        forward = model
        if mode == "compile":
            torch.compiler.reset()  # else the second layout is compiled for strides that are not known
            forward = torch.compile(model)

        def step():
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bfloat16"):
                loss = nn.functional.cross_entropy(forward(images) * 0.125, labels)
            loss.backward()
            optimizer.step()

        step()
        step()
        start, steps = time.perf_counter(), 0
        while steps == 0 or time.perf_counter() - start < float(seconds):
            step()
            steps += 1
        best = max(best, steps * int(batch) / (time.perf_counter() - start))
    print(best)


def predict(file, images, seconds):
    import numpy
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    x = numpy.random.default_rng(0).integers(0, 256, (int(images), 32, 32, 3)).astype(numpy.uint8)
    take = session.get_inputs()[0]
    if take.type == "tensor(float)":
        x = x.astype(numpy.float32)
    for _ in range(3):
        session.run(["probabilities"], {take.name: x})
    times, start = [], time.perf_counter()
    while not times or time.perf_counter() - start < float(seconds):
        before = time.perf_counter()
        session.run(["probabilities"], {take.name: x})
        times.append(time.perf_counter() - before)
    print(1000 * statistics.median(times))


{"train": train, "predict": predict}[sys.argv[1]](*sys.argv[2:])
