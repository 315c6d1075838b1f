"""Instructions that each kernel executes per image, counted by callgrind: no noise, and no clock.

python bench/instructions.py PHOTO...     (needs valgrind, which does not know AVX-512)
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from floor import build
from rich.console import Console
from rich.table import Table

from regcore.host import simd_levels

ROWS = 224


class Kernel(NamedTuple):
    """A step: the function that callers enter, its parts, and how often an image enters it."""

    title: str
    entry: str
    parts: tuple[str, ...]
    calls_per_image: int


ROWS_TO_RGB = tuple(
    name + lanes for name in ("UpsampleH2V1", "UpsampleH2V2", "YccToRgb") for lanes in ("", "Lanes")
)
IDCT = ("InverseDct", "InverseDctOfBlock", "Transform", "InverseDctLanes")

KERNELS = (
    Kernel("coefficients", "McuReader::Open", ("ReadRun<true>", "ReadRun<false>", "FindLong"), 1),
    Kernel("tables of codes", "McuReader::Open", ("Build",), 1),
    Kernel("inverse DCT", "McuReader::Open", IDCT, 1),
    Kernel("chroma, and RGB", "McuReader::Open", ROWS_TO_RGB, 1),
    Kernel("horizontal pass", "ResizeCropStep::Run", ("Horizontal", "ColumnRows", "PixelRows"), 1),
    Kernel("vertical pass", "ResizeCropStep::Run", ("Vertical",), 1),
    Kernel("normalise, float32 nchw", "PlanarSingle", ("PlanarSingle", "Planar<float>"), ROWS),
    Kernel("normalise, float16 nchw", "PlanarHalf", ("PlanarHalf", "Planar<unsigned short>"), ROWS),
)


def count(stages: Path, level: str, photos: list[str], folder: Path) -> list[float]:
    """Instructions per image of each of KERNELS."""
    profile = folder / f"{level}.callgrind"
    subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", stages, "1", *photos],
        env={**os.environ, "REGCORE_SIMD": level},
        check=True,
        capture_output=True,
    )
    listing = subprocess.run(
        ["callgrind_annotate", "--threshold=100", "--auto=no", profile],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    instructions: Counter[str] = Counter()
    for number, function in re.findall(
        r"^ *([\d,]+) \([^)]*\) +\S+?:(.*) \[", listing, re.MULTILINE
    ):
        name, types = own_name(function)
        # A template's type belongs to the name, the names of classes and numbers do not.
        suffix = f"<{types}>" if re.fullmatch("[a-z ]+", types) else ""
        instructions[name.rpartition("::")[2] + suffix] += int(number.replace(",", ""))
    text = profile.read_text()
    return [
        sum(instructions[part] for part in kernel.parts)
        / (calls(text, kernel.entry) / kernel.calls_per_image)
        for kernel in KERNELS
    ]


def own_name(function: str) -> tuple[str, str]:
    """A function's name, with its classes and its template's types, in what valgrind writes."""
    name = function.replace("(anonymous namespace)::", "").partition("(")[0]
    types = re.search(r"<([^<>]*)>$", name)
    return re.sub(r"<[^<>]*>", "", name), types[1] if types else ""


def calls(profile: str, function: str) -> int:
    """How often a function was called; names stand in full only at their first mention."""
    ids = {
        number
        for number, name in re.findall(r"^c?fn=\((\d+)\) (.*)$", profile, re.MULTILINE)
        if own_name(name)[0].endswith(f"::{function}")
    }
    called = re.findall(r"^cfn=\((\d+)\).*\ncalls=(\d+)", profile, re.MULTILINE)
    return sum(int(times) for number, times in called if number in ids)


def main() -> None:
    photos = sys.argv[1:]
    if not photos:
        sys.exit(__doc__)
    levels = [level for level in simd_levels() if not level.startswith("avx512")]
    table = Table("thousand instructions per image")
    columns = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stages = build(folder / "stages")
        for level in levels:
            table.add_column(level, justify="right")
            columns.append(count(stages, level, photos, folder))
    for kernel, numbers in zip(KERNELS, zip(*columns, strict=True), strict=True):
        table.add_row(kernel.title, *(f"{number / 1e3:,.1f}" for number in numbers))
    Console().print(table)


if __name__ == "__main__":
    main()
