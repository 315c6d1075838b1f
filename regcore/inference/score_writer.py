"""Scores → a file for each image, as the benchmark tool leaves them; the door to the C++ writer."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore._native import score_files as native
from regcore.errors import DatasetError, OutputError, RegcoreError
from regcore.files.names import image_key
from regcore.images.listing import LONGEST_NAME

#: The benchmark tool counts a model's outputs from 1.
_OUTPUT = 1
_FOLDER = "dumpOutput_device"
_FLOAT_BYTES = 4


class PredictionWriter:
    """Writes `OUT/dumpOutput_deviceN/NAME_1.txt` (or .bin) for images that device N computed.

    Text is one line of numbers with nine digits, from which float32 comes back the same; .bin is
    raw float32. A file is there whole or not at all.
    """

    def __init__(self, out: Path, names: Sequence[str], *, binary: bool, workers: int = 1) -> None:
        """names: of the images; NAME is cut at the first dot.

        Raises DatasetError for two alike, or a file whose name is too long.
        """
        self._out = out
        self._suffix = f"_{_OUTPUT}.{'bin' if binary else 'txt'}"
        self._files = [image_key(name) + self._suffix for name in names]
        self._writer = native.Writer(workers, not binary)
        self._made: set[int] = set()
        owners = dict(zip(self._files, names, strict=True))
        for file, name in zip(self._files, names, strict=True):
            if owners[file] != name:
                raise DatasetError(
                    f"{name} and {owners[file]} would both become {file}: rename one of them, as "
                    "files have the names of images without folders, up to their first dot"
                )
            if len(os.fsencode(file)) > LONGEST_NAME:
                raise DatasetError(f"{name}: the name {file} is longer than {LONGEST_NAME} bytes")
        if len(owners) != len(names):
            raise DatasetError("an image is listed twice, which would count it twice")

    def write(self, rows: NDArray[np.intp], scores: NDArray[Any], device: int) -> None:
        """Writes scores [rows, classes] of the images with these places in `names`.

        Raises OutputError.
        """
        folder = self._out / f"{_FOLDER}{device}"
        if device not in self._made:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(f"{folder}: {error.strerror}") from None
            self._made.add(device)
        base = os.fspath(folder) + "/"
        values = np.ascontiguousarray(scores, dtype=np.float32)
        try:
            self._writer.write([base + self._files[row] for row in rows.tolist()], values)
        except OSError as error:
            raise OutputError(str(error)) from None
        except RuntimeError as error:
            raise RegcoreError(str(error)) from None

    def written(self) -> NDArray[np.bool_]:
        """For each image whether its file is there, of whichever device; unfinished ones go.

        A .bin file of another size than most is not taken for one.
        """
        sizes = self._sizes()
        if not sizes:
            return np.zeros(len(self._files), np.bool_)
        found = list(sizes.values())
        usual = max(set(found), key=found.count) if self._suffix.endswith(".bin") else None
        whole = {
            file for file, size in sizes.items() if size >= _FLOAT_BYTES and usual in (None, size)
        }
        return np.array([file in whole for file in self._files])

    def remove(self, chosen: NDArray[np.bool_]) -> None:
        """Removes the files of the images for which it holds, of whichever device."""
        files = [self._files[row] for row in np.flatnonzero(chosen).tolist()]
        try:
            for folder in output_folders(self._out):
                for file in files:
                    (folder / file).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{error.filename}: cannot remove: {error.strerror}") from error

    def _sizes(self) -> dict[str, int]:
        sizes: dict[str, int] = {}
        for folder in output_folders(self._out):
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".regcore-"):
                        Path(entry).unlink(missing_ok=True)
                    elif entry.name.endswith(self._suffix) and entry.is_file():
                        sizes[entry.name] = entry.stat().st_size
        return sizes


def output_folders(out: Path) -> Iterator[Path]:
    """The folders `dumpOutput_deviceN` in OUT."""
    return (path for path in out.glob(f"{_FOLDER}*") if path.is_dir())
