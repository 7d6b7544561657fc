"""Reads a model's configuration as Triton does, and prints what is in it: config.py CONFIG.PBTXT."""

import importlib.util
import pathlib
import sys

import tritonclient
from google.protobuf import text_format

# Alone: the package that it is in needs gRPC.
path = pathlib.Path(tritonclient.__path__[0], "grpc", "model_config_pb2.py")
spec = importlib.util.spec_from_file_location("model_config_pb2", path)
messages = importlib.util.module_from_spec(spec)
spec.loader.exec_module(messages)

config = text_format.Parse(pathlib.Path(sys.argv[1]).read_text(), messages.ModelConfig())
print(
    config.name,
    config.backend,
    config.max_batch_size,
    *(tensor.name for tensor in [*config.input, *config.output]),
    *(output.label_filename for output in config.output if output.label_filename),
    config.WhichOneof("scheduling_choice"),
)
