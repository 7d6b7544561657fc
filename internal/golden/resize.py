"""Writes an image, and what Pillow makes of its middle at several sizes with its bicubic filter."""

import pathlib

import numpy as np
from PIL import Image

TESTDATA = pathlib.Path(__file__).parent / "testdata" / "resize"
SIZES = ((32, 32), (8, 8), (64, 96))  # width, height


def picture(width, height):
    """A ramp, waves that get shorter to the right, and rings: smooth parts, fine parts and edges."""
    y, x = np.mgrid[:height, :width]
    ramp = 255 * x / (width - 1)
    waves = 128 + 100 * np.sin(0.005 * x**2 + 0.1 * y)
    rings = 40 + 180 * (np.hypot(x - width / 2, y - height / 2) // 7 % 2)
    return np.stack([ramp, waves, rings], axis=-1).round().astype(np.uint8)


def middle(image, width, height):
    """The largest centred part with the proportions of width and height, to the nearest pixel."""
    w = min(image.width, round(image.height * width / height))
    h = min(image.height, round(image.width * height / width))
    left, top = (image.width - w) // 2, (image.height - h) // 2
    return image.crop((left, top, left + w, top + h))


def main():
    TESTDATA.mkdir(parents=True, exist_ok=True)
    source = Image.fromarray(picture(97, 61))
    source.save(TESTDATA / "source.png")
    for width, height in SIZES:
        resized = middle(source, width, height).resize((width, height), Image.Resampling.BICUBIC)
        resized.save(TESTDATA / f"{width}x{height}.png")


main()
