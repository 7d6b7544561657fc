"""Looks for salts with which rounding decides no ReLU and no pool: python search_salt.py NAME [FIRST [COUNT]]."""

import dataclasses
import sys

import torch

from training import CASES, rounding_errors


def main():
    torch.set_num_threads(1)
    name, first, count = (*sys.argv[1:], *("0", "1000")[len(sys.argv) - 2 :])
    case = next(c for c in CASES if c.name == name)
    for salt in range(int(first), int(first) + int(count)):
        salted = dataclasses.replace(case, salt=str(salt))
        if all(error < salted.tolerance for _, error, _ in rounding_errors(salted)):
            print(salt, flush=True)


main()
