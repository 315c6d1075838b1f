"""Makes the pictures of `regcore doctor`: python tests/trust/doctor_pictures.py FOLDER.

The files in regcore/trust/doctor/pictures were made by Pillow 13.0.0 and, those in 4:4:0 and 4:1:1,
simplejpeg 1.9.0. They are kept because encoders change with their versions, and pictures must not.
"""

from __future__ import annotations

import io
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[Any]

WIDTH, HEIGHT = 80, 60
#: Above the threshold of Pillow 13's other order of passes, and of ratios that crops hardly see.
EXTREME = 12

_ORIENTATION_TAG = 0x0112
_ADOBE = b"Adobe"
_YCCK = 2


def scene(width: int, height: int, seed: int = 0) -> Pixels:
    """Waves of every frequency, edges in colour, and a little noise, uint8 [height, width, 3]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    waves = [
        127 + 100 * np.sin(x * (0.06 + 0.05 * c) + c + x * y / 700) * np.cos(y / (5 + 3 * c) - c)
        for c in range(3)
    ]
    pixels = np.stack(waves, axis=-1) + rng.normal(0, 5, (height, width, 3))
    pixels[height // 3 : height // 2, width // 4 : width // 2] = (230, 20, 40)
    pixels[height // 2 :, : max(1, width // 8)] = (10, 40, 240)
    return pixels.clip(0, 255).astype(np.uint8)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def jpeg(pixels: Pixels, subsampling: str = "4:2:0", **options: Any) -> bytes:
    fields: dict[str, Any] = {"quality": 75, "subsampling": subsampling, **options}
    return saved(Image.fromarray(pixels), "JPEG", **fields)


def jpeg_of_simplejpeg(pixels: Pixels, subsampling: str) -> bytes:
    import simplejpeg

    encoded: bytes = simplejpeg.encode_jpeg(pixels, 75, "RGB", subsampling, fastdct=False)
    return encoded


def turned(pixels: Pixels, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[_ORIENTATION_TAG] = orientation
    return jpeg(pixels, exif=exif.tobytes())


def cmyk() -> bytes:
    image = Image.fromarray(scene(WIDTH, HEIGHT)).convert("CMYK")
    black = np.asarray(scene(WIDTH, HEIGHT, seed=1))[..., :1] // 3
    pixels = np.concatenate([np.asarray(image)[..., :3], black], axis=-1)
    return saved(Image.fromarray(pixels, "CMYK"), "JPEG", quality=75)


def ycck() -> bytes:
    """Luma and chroma of inks, saved as if they were inks, and then called YCCK in the marker."""
    luma = np.asarray(Image.fromarray(255 - scene(WIDTH, HEIGHT)).convert("YCbCr"))
    black = 255 - np.asarray(scene(WIDTH, HEIGHT, seed=1))[..., :1] // 3
    inverted = 255 - np.concatenate([luma, black], axis=-1)  # Pillow's JPEGs in CMYK are inverted
    encoded = saved(Image.fromarray(inverted, "CMYK"), "JPEG", quality=75)
    place = encoded.index(_ADOBE) + len(_ADOBE) + 6
    return encoded[:place] + bytes([_YCCK]) + encoded[place + 1 :]


def chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def png(rows: list[bytes], size: tuple[int, int], depth: int, colour: int, *, adam7: int) -> bytes:
    """rows: of all passes, none of them filtered."""
    header = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, adam7)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    chunks = (chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def png_of_16_bits() -> bytes:
    low = np.arange(40 * 30 * 3, dtype=np.uint16).reshape(30, 40, 3) * 37 % 256
    pixels = (scene(40, 30).astype(np.uint16) << 8) + low
    return png([row.astype(">u2").tobytes() for row in pixels], (40, 30), 16, 2, adam7=0)


def png_interlaced() -> bytes:
    pixels = scene(41, 31)
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2))
    rows = [
        row.tobytes()
        for top, left, down, across in (*passes, (1, 0, 2, 1))
        for row in pixels[top::down, left::across]
    ]
    return png(rows, (41, 31), 8, 2, adam7=1)


def grey_of_16_bits() -> Image.Image:
    values = scene(40, 30)[..., 0].astype(np.uint16) * 256 + 77
    return Image.fromarray(values)


def transparent(width: int, height: int) -> Image.Image:
    image = Image.fromarray(scene(width, height))
    image.putalpha(Image.fromarray(scene(width, height, seed=2)[..., 1]))
    return image


def jpegs() -> Iterator[tuple[str, bytes]]:
    photo = scene(WIDTH, HEIGHT)
    for name in ("4:4:4", "4:2:2", "4:2:0"):
        yield f"jpeg-{name.replace(':', '')}.jpg", jpeg(photo, name)
    for name in ("440", "411"):
        yield f"jpeg-{name}.jpg", jpeg_of_simplejpeg(photo, name)
    yield "jpeg-grey.jpg", saved(Image.fromarray(photo).convert("L"), "JPEG", quality=75)
    yield "jpeg-progressive.jpg", jpeg(photo, progressive=True)
    yield "jpeg-progressive-444.jpg", jpeg(photo, "4:4:4", progressive=True)
    yield "jpeg-restarts.jpg", jpeg(photo, restart_marker_blocks=2)
    yield "jpeg-optimized.jpg", jpeg(photo, optimize=True)
    yield "jpeg-quality-10.jpg", jpeg(photo, quality=10)
    yield "jpeg-quality-100.jpg", jpeg(scene(48, 36), "4:4:4", quality=100)
    yield "jpeg-rgb.jpg", jpeg(photo, "4:4:4", keep_rgb=True)
    yield "jpeg-cmyk.jpg", cmyk()
    yield "jpeg-ycck.jpg", ycck()
    for orientation in range(1, 9):
        yield f"jpeg-exif-{orientation}.jpg", turned(scene(56, 44), orientation)
    yield "jpeg-odd-420.jpg", jpeg(scene(97, 61))
    yield "jpeg-odd-422.jpg", jpeg(scene(61, 97), "4:2:2")
    yield "jpeg-odd-411.jpg", jpeg_of_simplejpeg(scene(67, 45), "411")
    yield "jpeg-1x1.jpg", jpeg(scene(1, 1))
    yield "jpeg-37x1.jpg", jpeg(scene(37, 1))
    yield "jpeg-1x37.jpg", jpeg(scene(1, 37), "4:2:2")
    yield "jpeg-12-to-1.jpg", jpeg(scene(20 * EXTREME, 20))
    yield "jpeg-1-to-12.jpg", jpeg(scene(20, 20 * EXTREME))


def others() -> Iterator[tuple[str, bytes]]:
    small = Image.fromarray(scene(40, 30))
    palette = small.quantize(32, dither=Image.Dither.NONE)
    yield "png-rgb.png", saved(small, "PNG")
    yield "png-interlaced.png", png_interlaced()
    yield "png-alpha.png", saved(transparent(40, 30), "PNG")
    yield "png-grey.png", saved(small.convert("L"), "PNG")
    yield "png-grey-alpha.png", saved(transparent(40, 30).convert("LA"), "PNG")
    yield "png-grey-16-bit.png", saved(grey_of_16_bits(), "PNG")
    yield "png-rgb-16-bit.png", png_of_16_bits()
    yield "png-palette.png", saved(palette, "PNG")
    yield "png-palette-alpha.png", saved(palette, "PNG", transparency=3)
    yield "png-bilevel.png", saved(small.convert("1", dither=Image.Dither.NONE), "PNG")
    yield "webp-lossy.webp", saved(Image.fromarray(scene(80, 60)), "WEBP", quality=75)
    yield "webp-lossless.webp", saved(small, "WEBP", lossless=True)
    yield "webp-alpha.webp", saved(transparent(40, 30), "WEBP", lossless=True, exact=True)
    yield "gif-palette.gif", saved(palette, "GIF")
    yield "bmp-rgb.bmp", saved(Image.fromarray(scene(26, 19)), "BMP")


def main(folder: Path) -> None:
    total = 0
    for name, content in (*jpegs(), *others()):
        (folder / name).write_bytes(content)
        total += len(content)
        print(f"{len(content):6d}  {name}")  # noqa: T201
    print(f"{total:6d}")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
