"""Writes plain.npz and packed.npz here, and ../parquet/testdata/pyarrow.parquet, as NumPy and PyArrow write them.

    pip install numpy pyarrow pillow    # made with numpy 2.4.6 pyarrow 26.0.1 pillow 13.0.0
    python data/testdata/make.py
"""

import io
import json
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

here = pathlib.Path(__file__).parent
images, labels = np.arange(72, dtype=np.uint8).reshape(2, 4, 3, 3), np.array([1, 0])
np.savez(here / "plain.npz", x_train=images, y_train=labels)
np.savez_compressed(here / "packed.npz", x_train=images, y_train=labels.reshape(2, 1).astype(np.uint8))

rows = []
for i, image in enumerate(images):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    rows.append({"bytes": file.getvalue(), "path": f"{i}.png"})
table = pa.table({
    "image": pa.array(rows, type=pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
    "label": pa.array(labels.astype(np.int64)),
})
features = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
pq.write_table(table, here.parent / "parquet" / "testdata" / "pyarrow.parquet")
