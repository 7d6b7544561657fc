"""Writes the golden values, in float32 on the CPU, and checks that they are worth comparing with."""

import dataclasses
import pathlib

import numpy as np
import safetensors.numpy
import torch

from training import CASES, relative_error, rounding_errors, train, train_sgd

TESTDATA = pathlib.Path(__file__).parent / "testdata"


def check(case):
    multiply_adds = case.network(torch.float32, width=64).multiply_adds
    print(f"multiply-adds at width 64: {multiply_adds:,}")
    assert round(multiply_adds / 1e6) == case.multiply_adds

    for rates in (case.rates, (0.1,) * len(case.rates)):
        other = dataclasses.replace(case, rates=rates)
        error, worst = relative_error(train(other, torch.float64), train_sgd(other, torch.float64, rescale=True))
        print(f"rates {rates}: {error:.1e} from torch.optim.SGD, worst in {worst}")
        assert error < 1e-12
    error, worst = relative_error(train(case, torch.float64), train_sgd(case, torch.float64, rescale=False))
    print(f"rates {case.rates}, buffer not rescaled: {error:.1e}, worst in {worst}")

    for what, error, worst in rounding_errors(case):
        print(f"{what} is {error:.1e} from float64, worst in {worst}")
        assert error < case.tolerance, "rounding decides a ReLU or a pool: search another salt"


def write(case):
    golden = train(case, torch.float32)
    tensors = {name: np.ascontiguousarray(t.numpy()) for name, t in golden.items()}
    # One key: the library writes several in an order that changes from run to run.
    metadata = {"source": f"{pathlib.Path(__file__).name}, torch {torch.__version__}"}
    path = TESTDATA / f"{case.name}.safetensors"
    path.write_bytes(safetensors.numpy.save(tensors, metadata))
    print(f"losses: {golden['loss'].tolist()}")
    print(f"{len(tensors)} tensors, {path.stat().st_size:,} bytes: {path.name}\n")


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    TESTDATA.mkdir(exist_ok=True)
    for case in CASES:
        print(case.name)
        check(case)
        write(case)


main()
