"""Writes pillow.zip: small pictures of many kinds, and what Pillow makes of each, for TestPillow.

Each NAME in it has NAME.rgba beside it: width and height as two bytes each, the smaller first, and as many pixels of red,
green, blue and alpha. Usage: python pillow.py, with Pillow 13.0.0 (internal/golden/requirements.txt).
"""

import io
import struct
import zipfile

from PIL import Image, ImageOps

files = {}


def colours(width, height):
    """A smooth picture of many colours, of which no two corners are alike."""
    image = Image.new("RGB", (width, height))
    for y in range(height):
        for x in range(width):
            u, v = x / max(width - 1, 1), y / max(height - 1, 1)
            image.putpixel((x, y), (round(255 * u), round(255 * v), round(255 * (1 - u) * (1 - v))))
    return image


def see_through(image):
    width, height = image.size
    alpha = Image.new("L", image.size)
    for y in range(height):
        for x in range(width):
            alpha.putpixel((x, y), round(255 * (x + y) / max(width + height - 2, 1)))
    image = image.convert("RGB")
    image.putalpha(alpha)
    return image


def exif(orientation, order=">"):
    tiff = (b"MM" if order == ">" else b"II") + struct.pack(order + "HIH", 42, 8, 2)
    tiff += struct.pack(order + "HHIHH", 0x0100, 3, 1, 640, 0) + struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"Exif\x00\x00" + tiff + struct.pack(order + "I", 0)


def add(name, image, **options):
    encoded = io.BytesIO()
    image.save(encoded, name.rsplit(".", 1)[1].replace("jpg", "jpeg"), **options)
    add_encoded(name, encoded.getvalue())


def add_encoded(name, encoded):
    assert name not in files, name
    seen = ImageOps.exif_transpose(Image.open(io.BytesIO(encoded))).convert("RGBA")
    files[name], files[name + ".rgba"] = encoded, struct.pack("<HH", *seen.size) + seen.tobytes()


for size in (1, 1), (7, 5), (32, 18):
    rgb, text = colours(*size), f"{size[0]}x{size[1]}"
    for mode in "1", "L", "LA", "P", "RGB", "RGBA":
        add(f"{mode}-{text}.png", see_through(rgb) if mode == "RGBA" else see_through(rgb).convert(mode) if mode == "LA" else rgb.convert(mode))
    for mode in "1", "L", "P", "RGB":
        add(f"{mode}-{text}.bmp", rgb.convert(mode))
    add(f"P-{text}.gif", rgb.quantize(16))
    add(f"lossless-{text}.webp", rgb, lossless=True)
    add(f"lossless-alpha-{text}.webp", see_through(rgb), lossless=True, exact=True)
    for quality in 50, 100:
        add(f"lossy-{quality}-{text}.webp", rgb, quality=quality)
        add(f"lossy-alpha-{quality}-{text}.webp", see_through(rgb), quality=quality, exact=True)
    for name, sampling in ("444", 0), ("422", 1), ("420", 2):
        add(f"{name}-{text}.jpg", rgb, quality=95, subsampling=sampling)
    add(f"progressive-{text}.jpg", rgb, quality=95, progressive=True, subsampling=0)
    add(f"L-{text}.jpg", rgb.convert("L"), quality=95)

rgb = colours(32, 18)
for bits in 2, 4, 16, 64:
    add(f"P-{bits}-colours.png", rgb.quantize(bits))
add("P-transparent.png", rgb.quantize(8), transparency=3)
add("RGB-transparent.png", rgb.quantize(8).convert("RGB"), transparency=rgb.quantize(8).convert("RGB").getpixel((0, 0)))
add("P-transparent.gif", rgb.quantize(8), transparency=3)
add("P-interlaced.gif", rgb.quantize(8), interlace=1)
add("animated.gif", rgb.quantize(8), save_all=True, append_images=[rgb.rotate(180).quantize(8)], duration=100)
# A first frame of 32x18 on a canvas of 40x30. Without a transparent colour Pillow fills the rest with colour 0, and
# browsers leave it open, as package picture does.
encoded = io.BytesIO()
rgb.quantize(8).save(encoded, "gif", transparency=3)
content = bytearray(encoded.getvalue())
content[6:10] = struct.pack("<HH", 40, 30)
add_encoded("part.gif", bytes(content))
for name, colour in ("black", (0, 0, 0)), ("white", (255, 255, 255)), ("red", (255, 0, 0)), ("blue", (0, 0, 255)):
    add(f"{name}.webp", Image.new("RGB", (16, 16), colour), quality=80)
for orientation in range(1, 9):
    for order in "<>":
        add(f"turned-{orientation}-{'little' if order == '<' else 'big'}.jpg", rgb, quality=95, subsampling=0, exif=exif(orientation, order))
    add(f"turned-{orientation}.png", rgb, exif=exif(orientation))
    add(f"turned-{orientation}.webp", rgb, lossless=True, exif=exif(orientation))

with zipfile.ZipFile("pillow.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    for name, content in files.items():
        archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
print(len(files) // 2, "pictures")
