"""What each form of a result costs: dtypes and layouts beside float32 NCHW.

The same photos become batches of every form, on one thread, in rounds that take turns; what is
timed is the processor's time. Beside each stands how many values are not what NumPy makes of the
float32 NCHW ones, which themselves are compared with Pillow and NumPy in preprocess.py.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe, find_photos, machine
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import Key, Round, Task, cpu_ms, interleave, ratios, spread, times
from terminal import wide_console

from regcore import Preprocessor, Recipe
from regcore.host import core_versions

PLAIN = Recipe.preset("regnety_016")
SCALE, ZERO_POINT = 0.02, 3

Values = NDArray[Any]


def bfloat16_bits(values: Values) -> Values:
    """Rounded to the nearest, ties to even."""
    bits = values.view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def quantized(values: Values) -> Values:
    """ONNX's QuantizeLinear."""
    whole = np.rint(values / np.float32(SCALE)) + ZERO_POINT
    return np.clip(whole, -128, 127).astype(np.int8)


DTYPES: dict[str, tuple[Recipe, Callable[[Values], Values]]] = {
    "float32": (PLAIN, np.asarray),
    "float16": (replace(PLAIN, dtype="float16"), lambda values: values.astype(np.float16)),
    "bfloat16": (replace(PLAIN, dtype="bfloat16"), bfloat16_bits),
    "int8": (
        replace(PLAIN, dtype="int8", quant_scale=SCALE, quant_zero_point=ZERO_POINT),
        quantized,
    ),
}
LAYOUTS = ("nchw", "nhwc")


def task(name: str, preprocessor: Preprocessor, photos: list[str], out: Values) -> Task:
    def run() -> Round:
        return {Key(name, "files", 1): cpu_ms(lambda: preprocessor(photos, out=out), len(photos))}

    return run


def measured(photos: list[str], rounds: int, console: Console) -> dict[str, Any]:
    before = machine()
    plain = Preprocessor(PLAIN)(photos)
    tasks: list[Task] = []
    rows: list[dict[str, Any]] = []
    for dtype, (recipe, convert) in DTYPES.items():
        for layout in LAYOUTS:
            preprocessor = Preprocessor(replace(recipe, layout=layout), workers=1)
            out = preprocessor(photos)
            expected = convert(plain)
            expected = expected if layout == "nchw" else expected.transpose(0, 2, 3, 1)
            name = f"{dtype} {layout}"
            rows.append({"form": name, "differing_values": int(np.count_nonzero(out != expected))})

            tasks.append(task(name, preprocessor, photos, out))
    with console.status("starting") as status:
        done = interleave(tasks, rounds, status.update)
    for row in rows:
        key = Key(row["form"], "files", 1)
        row["ms_per_image"] = spread(times(done, key))
        row["of_float32_nchw"] = spread(ratios(done, key, Key("float32 nchw", "files", 1)))
    return {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "photos": describe(photos),
        "versions": core_versions(),
        "recipe": PLAIN.to_dict(),
        "rounds": rounds,
        "rows": rows,
    }


def show(document: dict[str, Any], console: Console) -> None:
    table = Table("form", box=box.MARKDOWN)
    for heading in ("ms of processor time", "of float32 nchw", "values that differ"):
        table.add_column(heading, justify="right")
    for row in document["rows"]:
        table.add_row(
            row["form"],
            "{median:.3f}".format(**row["ms_per_image"]),
            "{median:.3f} ({min:.3f} to {max:.3f})".format(**row["of_float32_nchw"]),
            str(row["differing_values"]),
        )
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", metavar="DIR", help="JPEG files; default: foolbox's 20 photos")
    parser.add_argument("--rounds", type=int, default=9, help="timed rounds (default 9)")
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    document = measured(find_photos(arguments.images), arguments.rounds, Console(stderr=True))
    show(document, wide_console(100))
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
