"""Every kind of JPEG: the whole pipeline beside libjpeg-turbo's bare decode of the same files.

The bare decode is to RGB; of inks it is to CMYK, of which RGB would still have to be made.

Photos are encoded anew as each kind, with one thread decoded by both in interleaved rounds, and
every value of regcore compared with Pillow's own pixels.
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from floor import FULL_DECODE, WHOLE, Stages, build
from machine import describe, find_photos, machine
from numpy.typing import NDArray
from PIL import Image
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import Key, Round, interleave, ratios, spread
from terminal import wide_console

from regcore.host import core_versions, simd_levels
from regcore.images.preprocessor import Preprocessor
from regcore.recipes.recipe import Recipe

RECIPE = Recipe.preset("regnety_016")
QUALITY = 90


def by_pillow(**options: Any) -> Callable[[Image.Image], bytes]:  # noqa: ANN401
    def encode(picture: Image.Image) -> bytes:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=QUALITY, **options)
        return file.getvalue()

    return encode


def by_turbo(sampling: str) -> Callable[[Image.Image], bytes]:
    def encode(picture: Image.Image) -> bytes:
        pixels = np.asarray(picture)
        encoded: bytes = simplejpeg.encode_jpeg(pixels, QUALITY, colorsubsampling=sampling)
        return encoded

    return encode


def separated(picture: Image.Image) -> NDArray[np.uint8]:
    """CMYK of a picture in RGB, 0 without ink.

    Black is half of what it could be, as printers have it: with all of it, the other inks of dark
    parts would be noise.
    """
    colours = np.asarray(picture).astype(np.float64)
    black = (255 - colours.max(axis=-1, keepdims=True)) // 2
    inks = 255 - 255 * colours / (255 - black)
    return np.concatenate([inks, black], axis=-1).round().astype(np.uint8)


def cmyk(**options: Any) -> Callable[[Image.Image], bytes]:  # noqa: ANN401
    """As Pillow writes it, all components whole."""
    return lambda picture: by_pillow(**options)(Image.fromarray(separated(picture), "CMYK"))


def ycck(sampling: str) -> Callable[[Image.Image], bytes]:
    """Luma, chroma and black, inverted as Adobe has it."""

    def encode(picture: Image.Image) -> bytes:
        encoded: bytes = simplejpeg.encode_jpeg(
            255 - separated(picture), QUALITY, colorspace="CMYK", colorsubsampling=sampling
        )
        return encoded

    return encode


KINDS: dict[str, Callable[[Image.Image], bytes]] = {
    "4:2:0": by_pillow(subsampling="4:2:0"),
    "4:2:0, restarts": by_pillow(subsampling="4:2:0", restart_marker_rows=1),
    "4:2:2": by_pillow(subsampling="4:2:2"),
    "4:4:4": by_pillow(subsampling="4:4:4"),
    "4:4:0": by_turbo("440"),
    "4:1:1": by_turbo("411"),
    "RGB": by_pillow(keep_rgb=True),
    "grey": lambda picture: by_pillow()(picture.convert("L")),
    "CMYK": cmyk(),
    "YCCK 4:4:4": ycck("444"),
    "YCCK 4:2:0": ycck("420"),
    "progressive 4:2:0": by_pillow(subsampling="4:2:0", progressive=True),
    "progressive 4:4:4": by_pillow(subsampling="4:4:4", progressive=True),
    "progressive grey": lambda picture: by_pillow(progressive=True)(picture.convert("L")),
    "progressive CMYK": cmyk(progressive=True),
}


def encoded(photos: list[str], kind: str, folder: Path) -> list[str]:
    """The photos as files of that kind."""
    folder.mkdir()
    files = []
    for number, photo in enumerate(photos):
        with Image.open(photo) as image:
            content = KINDS[kind](image.convert("RGB"))
        file = folder / f"{number:06}.jpg"
        file.write_bytes(content)
        files.append(str(file))
    return files


def differing(files: list[str]) -> int:
    """Values that are not Pillow's: of the recipe, with its pixels as regcore's input."""
    preprocessor = Preprocessor(RECIPE)
    ours = preprocessor(files)
    different = 0
    for file, values in zip(files, ours, strict=True):
        with Image.open(file) as image:
            theirs = preprocessor([np.asarray(image.convert("RGB"))])[0]
        different += int(np.count_nonzero(values != theirs))
    return different


def measured(photos: list[str], rounds: int, folder: Path, console: Console) -> dict[str, Any]:
    before = machine()
    with console.status("building the floor") as status:
        program = build(folder / "build")
        files: dict[str, list[str]] = {}
        for kind in KINDS:
            status.update(f"encoding and comparing {kind}")
            files[kind] = encoded(photos, kind, folder / kind.replace(":", "-"))
        stages = {kind: Stages(program, files[kind]) for kind in KINDS}
        levels = {"best": None, **({"avx2": "avx2"} if "avx2" in simd_levels() else {})}

        def task(kind: str, name: str, level: str | None) -> Callable[[], Round]:
            def run() -> Round:
                found = stages[kind].milliseconds(level=level)
                return {Key(f"{kind}: {of}", name, 1): found[of] for of in (FULL_DECODE, WHOLE)}

            return run

        tasks = [task(kind, name, level) for kind in KINDS for name, level in levels.items()]
        done = interleave(tasks, rounds, status.update)
        rows = []
        for kind in KINDS:
            row: dict[str, Any] = {"kind": kind, "differing_values": differing(files[kind])}
            for name in levels:
                ours = Key(f"{kind}: {WHOLE}", name, 1)
                floor = Key(f"{kind}: {FULL_DECODE}", name, 1)
                row[name] = spread(ratios(done, ours, floor))
            rows.append(row)
    return {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "photos": describe(photos),
        "versions": {**core_versions(), "bare decode": stages["4:2:0"].libjpeg_turbo},
        "recipe": RECIPE.to_dict(),
        "rounds": rounds,
        "rows": rows,
    }


def show(document: dict[str, Any], console: Console) -> None:
    table = Table("kind", box=box.MARKDOWN)
    names = [name for name in document["rows"][0] if name not in {"kind", "differing_values"}]
    for name in names:
        table.add_column(f"of the bare decode, {name}", justify="right")
    table.add_column("values that differ", justify="right")
    for row in document["rows"]:
        cells = ["{median:.3f} ({min:.3f} to {max:.3f})".format(**row[name]) for name in names]
        table.add_row(row["kind"], *cells, str(row["differing_values"]))
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", metavar="DIR", help="JPEG files; default: foolbox's 20 photos")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds (default 5)")
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    photos = find_photos(arguments.images)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        document = measured(photos, arguments.rounds, Path(folder), Console(stderr=True))
    show(document, wide_console(120))
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
