"""The files beside a store that make it a folder of calibration images."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from regcore.calibration.folder import AMCT, ARRAY, MANIFEST, OTHERS
from regcore.calibration.form import CalibrationForm
from regcore.files.atomic import replacing, write_text
from regcore.schemas.fields import as_dict
from regcore.store.reader import Store

_AT_ONCE = 16  # images
_PREFIX = "calibration_"


def write_array(store: Store, folder: Path) -> None:
    """Writes all images of a store as one array, [images, ...], in NumPy's form."""
    recipe = store.recipe
    header = {
        "descr": np.lib.format.dtype_to_descr(recipe.numpy_dtype),
        "fortran_order": False,
        "shape": (len(store), *recipe.image_shape),
    }
    with replacing(folder / ARRAY) as temporary, temporary.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for batch in store.batches(_AT_ONCE):
            file.write(batch.images.data)


def write_amct(store: Store, folder: Path, batch: int | None) -> int:
    """Writes the images as AMCT's --data_dir takes them; returns how many files there are.

    Each is the bare array of `batch` images; what is left of them at the end is in none. What an
    earlier call wrote goes, also where `batch` is None and nothing is written.
    """
    own = folder / AMCT
    for file in own.glob(f"{_PREFIX}*.bin"):
        file.unlink()
    if batch is None:
        return 0
    own.mkdir(exist_ok=True)
    count = len(store) // batch
    for number in range(count):
        path = own / f"{_PREFIX}{number:05}.bin"
        with replacing(path) as temporary, temporary.open("wb") as raw:
            for place in range(number * batch, (number + 1) * batch):
                raw.write(np.ascontiguousarray(store[place]).data)
    return count


def write_others(names: Sequence[str], folder: Path) -> None:
    """Writes the names of images as --list takes them: a line each, or with NUL between."""
    end = "\0" if any("\n" in name or "\r" in name for name in names) else "\n"
    with replacing(folder / OTHERS) as temporary:
        temporary.write_bytes(b"".join(os.fsencode(name + end) for name in names))


def write_manifest(form: CalibrationForm, folder: Path) -> None:
    """Writes calibration.json, which makes the folder whole."""
    write_text(folder / MANIFEST, json.dumps(as_dict(form), indent=1) + "\n")
