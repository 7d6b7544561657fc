"""What a loop over Pillow takes for the same: python pillow.py DIR HEIGHT WIDTH."""

import glob
import sys
import time

import numpy
from PIL import Image

start, height, width = time.time(), int(sys.argv[2]), int(sys.argv[3])
files = sorted(glob.glob(sys.argv[1] + "/*/*"))
pixels = numpy.empty((len(files), height, width, 3), numpy.uint8)
for i, file in enumerate(files):
    image = Image.open(file).convert("RGB")
    if image.size != (width, height):
        scale = min(image.size[0] / width, image.size[1] / height)
        kept_width, kept_height = round(width * scale), round(height * scale)
        x, y = (image.size[0] - kept_width) // 2, (image.size[1] - kept_height) // 2
        image = image.resize((width, height), Image.BICUBIC, box=(x, y, x + kept_width, y + kept_height))
    pixels[i] = numpy.asarray(image)
print(f"Pillow: {len(files)} images, {time.time() - start:.1f} s")
