"""Checks ONNX files and runs them in ONNX Runtime: run.py FOLDER SIZE...

Beside each FOLDER/NAME.onnx lies NAME.images, uint8. For each batch size, NAME.SIZE.logits, NAME.SIZE.probabilities and
NAME.SIZE.embedding are what the network makes of all images in batches of so many: float32, little endian.
"""

import pathlib
import sys

import numpy
import onnx
import onnxruntime

folder, sizes = pathlib.Path(sys.argv[1]), [int(size) for size in sys.argv[2:]]
for path in sorted(folder.glob("*.onnx")):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    images = numpy.fromfile(path.with_suffix(".images"), numpy.uint8).reshape(-1, *session.get_inputs()[0].shape[1:])
    for size in sizes:
        for output in ("logits", "probabilities", "embedding"):
            batches = [session.run([output], {"images": images[i : i + size]})[0] for i in range(0, len(images), size)]
            numpy.concatenate(batches).astype("<f4").tofile(path.with_suffix(f".{size}.{output}"))
