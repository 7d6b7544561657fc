"""What LLVM's machine-code analyser says of the inner loops of the NEON kernels: multiply-adds a cycle, beside the four
pipes of the processor. It knows nothing of memory beyond the first-level cache, and is no measurement.

Usage: python3 throughput.py [-llvm SUFFIX], in internal/engine/cpu/kernels. Needs Go, llvm-objdump and llvm-mca (Debian: llvm-19).
"""

import argparse
import os
import re
import subprocess
import tempfile

options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
options.add_argument("-llvm", default="", metavar="SUFFIX", help='what the names of the tools end in, such as "-19"')
options = options.parse_args()


def loops(binary, function):
    """The bodies of the innermost loops of a function, each a list of instructions."""
    symbol = f"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels.{function}.abi0"
    text = subprocess.run(
        [f"llvm-objdump{options.llvm}", "-d", "--no-show-raw-insn", f"--disassemble-symbols={symbol}", binary],
        check=True, capture_output=True, text=True).stdout
    code = [(int(a, 16), i.strip()) for a, i in re.findall(r"^\s*([0-9a-f]+):\s+(.*?)(?:\s*<.*)?$", text, re.M)]
    at = {a: n for n, (a, _) in enumerate(code)}
    found = []
    for n, (_, instruction) in enumerate(code):
        target = re.match(r"b\.ne\s+0x([0-9a-f]+)", instruction)
        if target and at.get(int(target[1], 16), n) < n:
            body = [i for _, i in code[at[int(target[1], 16)] : n]]
            if not any(re.match(r"b\.|cb", i) for i in body):
                found.append(body + ["b.ne 0"])
    return [body for body in found if sum("fmla" in i for i in body) >= 12]


with tempfile.TemporaryDirectory() as folder:
    binary = os.path.join(folder, "cpu.test")
    subprocess.run(["go", "test", "-c", "-o", binary, "."], check=True, env={**os.environ, "GOARCH": "arm64", "CGO_ENABLED": "0"})
    print("| loop | multiply-adds | instructions | Neoverse V1, multiply-adds a cycle | Apple M1 |\n| --- | --- | --- | --- | --- |")
    for function in "convolveNEON", "correlateNEON":
        for name, body in zip(("6 channels", "4 channels"), loops(binary, function)):
            multiply_adds = sum("fmla" in i for i in body)
            rates = []
            for cpu in "neoverse-v1", "apple-m1":
                text = subprocess.run(
                    [f"llvm-mca{options.llvm}", "-mtriple=aarch64", f"-mcpu={cpu}", "-iterations=200"],
                    input="\n".join(body), check=True, capture_output=True, text=True).stdout
                cycles = int(re.search(r"Total Cycles:\s+(\d+)", text)[1]) / 200
                rates.append(f"{multiply_adds / cycles:.2f}")
            print(f"| {function}, {name} | {multiply_adds} | {len(body)} | {' | '.join(rates)} |")
