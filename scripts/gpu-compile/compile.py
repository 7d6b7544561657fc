"""Compiles a program in StableHLO for an NVIDIA GPU that is not there, as JAX's plugin describes it.

usage: compile.py TARGET.txtpb DEVICES PROGRAM.mlir OUTPUT.hlo

Leaves the optimised program as text, and prints the bytes of its arguments, its results, and what it needs besides.
"""

import os
import sys

target, devices, program, output = sys.argv[1:]
devices = int(devices)
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_SKIP_CUDA_CONSTRAINTS_CHECK"] = "1"

from jax._src import compiler  # noqa: E402
from jax._src.interpreters import mlir  # noqa: E402
from jax._src.lib import xla_client  # noqa: E402
from jax.experimental import topologies  # noqa: E402
from jaxlib.mlir import ir  # noqa: E402

with open(target) as file:
    topology = topologies.get_topology_desc(platform="cuda", topology=f"1x1x{devices}", target_config=file.read())
options = compiler.get_compile_options(num_replicas=1, num_partitions=devices)
options.executable_build_options.use_spmd_partitioning = devices > 1
options.executable_build_options.use_shardy_partitioner = devices > 1
with mlir.make_ir_context(), open(program) as file:
    module = ir.Module.parse(file.read())
    executable = topology.devices[0].client.compile(module, xla_client.DeviceList(tuple(topology.devices[:devices])), options)
with open(output, "w") as file:
    file.write(executable.hlo_modules()[0].to_string())
memory = executable.get_compiled_memory_stats()
print(memory.argument_size_in_bytes, memory.output_size_in_bytes, memory.temp_size_in_bytes)
