"""Talks to a service as a client of NVIDIA's Triton does: client.py HOST:PORT MODEL IMAGES.

IMAGES is a file of uint8, images of the model's size. What the service answers to each way of asking is printed as
JSON; what it should refuse and does not is an error.
"""

import json
import sys

import numpy
from tritonclient import http
from tritonclient.utils import InferenceServerException

address, model, file = sys.argv[1:]
client = http.InferenceServerClient(address)
assert client.is_server_live()
assert client.is_server_ready()
assert client.is_model_ready(model) and client.is_model_ready(model, "1")
assert not client.is_model_ready("another")

server, metadata = client.get_server_metadata(), client.get_model_metadata(model)
assert "binary_tensor_data" in server["extensions"]
[images] = metadata["inputs"]
pixels = numpy.fromfile(file, numpy.uint8).reshape(images["shape"])


def ask(pixels, binary_data=True, name=model, datatype=images["datatype"], **options):
    tensor = http.InferInput(images["name"], pixels.shape, datatype)
    tensor.set_data_from_numpy(pixels, binary_data=binary_data)
    return client.infer(name, [tensor], **options)


def numbers(result):
    return {o["name"]: result.as_numpy(o["name"]).tolist() for o in metadata["outputs"]}


as_json = [http.InferRequestedOutput(o["name"], binary_data=False) for o in metadata["outputs"]]
answers = {
    "bytes for bytes": numbers(ask(pixels)),
    "bytes for JSON": numbers(ask(pixels, outputs=as_json)),
    "JSON for bytes": numbers(ask(pixels, binary_data=False, model_version="1")),
    "JSON for JSON": numbers(ask(pixels, binary_data=False, outputs=as_json)),
}
best = [http.InferRequestedOutput("probabilities", class_count=1)]
result = ask(pixels, outputs=best, request_id="seven")
assert result.get_response()["id"] == "seven"
labels = [word.decode().split(":")[2] for [word] in result.as_numpy("probabilities")]


def refused(status, message, *arguments, **options):
    try:
        ask(*arguments, **options)
    except InferenceServerException as e:
        assert e.status() == status and message in e.message(), str(e)
    else:
        raise AssertionError(f"not refused: {message}")


refused("404", "there is no such model", pixels, name="another")
refused("404", "or version of it", pixels, model_version="2")
refused("400", "need the shape", pixels.transpose(0, 3, 1, 2).copy())
refused("400", "need the shape", pixels[0])
refused("400", "need the datatype UINT8", (pixels / 255).astype(numpy.float32), datatype="FP32")
refused("415", "compressed bodies", pixels, request_compression_algorithm="gzip")

json.dump({"answers": answers, "labels": labels}, sys.stdout)
