"""Prepared .bin files, one image each, as the guide's preprocessing leaves them."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Backend
from regcore.counted import counted
from regcore.errors import DecodeError
from regcore.files.checksum import checksum
from regcore.files.read_ahead import read_ahead
from regcore.formats.info_file import read_info
from regcore.images.batch_stream import Batch
from regcore.images.result_memory import largest_batch
from regcore.inference.inputs.source import Inputs, closed_after, file_versions, host_buffers
from regcore.recipes.recipe import Recipe
from regcore.store.integrity import other_values
from regcore.store.membership import check_stored


class BinInputs(Inputs):
    """Prepared .bin files, one image each, listed in an info file of the benchmark tool."""

    def __init__(self, info: Path, recipe: Recipe, *, workers: int, verify: bool = True) -> None:
        """recipe: whose dtype, layout and size the files have. verify: as in open_store.

        Raises DatasetError for an info file that is none, or of another size; MismatchError where
        regcore made the files by another recipe.
        """
        self.names = read_info(info, recipe.size)
        checksums = check_stored(self.names, recipe)
        self._checksums = checksums if verify else np.zeros_like(checksums)
        self._recipe = recipe
        self._workers = workers

    def versions(self) -> NDArray[np.int64]:
        """See Inputs."""
        return file_versions(self.names)

    def batches(
        self, backend: Backend, batch_size: int, wanted: NDArray[np.intp] | None = None
    ) -> AbstractContextManager[Iterable[Batch]]:
        """See Inputs. A file that is missing or of another size is a DecodeError.

        One that a store has with other values raises MismatchError.
        """
        places = range(len(self.names)) if wanted is None else wanted.tolist()
        files = [(self.names[place], int(self._checksums[place])) for place in places]
        batch_size = largest_batch(batch_size, len(files))
        ahead = max(2, self._workers)
        recipe = self._recipe
        buffers = host_buffers(backend, backend.depth + ahead, batch_size, recipe)
        if buffers is None:
            shape = (batch_size, *recipe.image_shape)
            buffers = [np.empty(shape, recipe.numpy_dtype) for _ in range(backend.depth + ahead)]
        return closed_after(_read_ahead(files, buffers, ahead))


def _read_ahead(
    files: Sequence[tuple[str, int]], buffers: Sequence[NDArray[Any]], ahead: int
) -> Generator[Batch]:
    """Batches of files with their checksums, 0 for none.

    Each batch stays as it is until len(buffers) - ahead more were asked for.
    """
    batch_size = len(buffers[0])
    reads = (
        partial(_read_batch, files[at : at + batch_size], at, buffers[number % len(buffers)])
        for number, at in enumerate(range(0, len(files), batch_size))
    )
    return read_ahead(reads, ahead, threads=ahead)


def _read_batch(files: Sequence[tuple[str, int]], first: int, buffer: NDArray[Any]) -> Batch:
    errors = []
    good = []
    for row, (file, wanted) in enumerate(files):
        problem = _read_into(file, buffer[row])
        if problem is None and wanted and checksum(_bytes_of(buffer[row])) != wanted:
            raise other_values(f"{file}: the values")
        if problem is None:
            good.append(row)
        else:
            errors.append(DecodeError(file, problem, first + row))
    images = buffer[: len(files)] if not errors else buffer[good]
    return Batch(images, first + np.array(good, dtype=np.intp), tuple(errors))


def _bytes_of(image: NDArray[Any]) -> NDArray[np.uint8]:
    return image.reshape(-1).view(np.uint8)


def _read_into(file: str, image: NDArray[Any]) -> str | None:
    """What went wrong, if anything."""
    try:
        # A pipe that nobody writes to would never open.
        if not stat.S_ISREG(Path(file).stat().st_mode):
            return "not a regular file"
        with Path(file).open("rb", buffering=0) as opened:
            read = opened.readinto(image.data.cast("B"))
            more = len(opened.read(1))
            size = os.fstat(opened.fileno()).st_size
    except OSError as error:
        return error.strerror or str(error)
    if read != image.nbytes or more:
        if size == image.nbytes:
            return f"cut short while it was read, after {counted(read, 'byte')} of {image.nbytes}"
        return f"{counted(size, 'byte')}, where an image of the recipe has {image.nbytes}"
    return None
