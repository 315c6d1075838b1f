"""Stores for reading: arrays that are mapped, not copied, by place and by name."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.batch_stream import Array, Batch
from regcore.errors import DatasetError, DecodeError
from regcore.findings import Finding
from regcore.recipe import Recipe
from regcore.store.journal import JOURNAL
from regcore.store.kept import file_checksum, map_file
from regcore.store.ledger import LEDGER, Ledger, Record, place_of
from regcore.store.manifest import MANIFEST, Manifest, check_recipe
from regcore.store.plan import pack_rows


def open_store(folder: str | Path, *, recipe: Recipe | None = None) -> Store:
    """Opens what `regcore preprocess` or `write_store` made.

    recipe: what the values must have been made by. Raises MismatchError where it was another one,
    DatasetError where there is no store, or none that is whole.
    """
    folder = Path(folder)
    manifest = Manifest.read(folder)
    if manifest is None:
        raise DatasetError(
            f"{folder}: no {MANIFEST}: not a store, or its making was interrupted; "
            "then the same command again completes it"
        )
    store = Store(folder, manifest, read_ledger(folder, manifest))
    if recipe is not None:
        store.check_recipe(recipe)
    return store


def holds_store(folder: Path) -> bool:
    """Whether the folder has a store, be it in the making."""
    return any((folder / name).exists() for name in (MANIFEST, JOURNAL))


class Store(Sequence[Array]):
    """The images that have values, in the order of the list; each an array of the recipe's shape.

    Index it with a place or with the path of an image below its source folder. The arrays are
    mapped from the files, read-only; nothing is read before it is used.
    """

    def __init__(self, folder: Path, manifest: Manifest, ledger: Ledger) -> None:
        self.folder = folder
        self.manifest = manifest
        self._ledger = ledger
        self._places = np.array(
            [place for place, file in enumerate(ledger.files) if file is not None], np.intp
        )

    @property
    def recipe(self) -> Recipe:
        """What the values were made by."""
        return self.manifest.description.recipe

    @property
    def source(self) -> Path:
        """The folder below which the images were."""
        return Path(self.manifest.description.source)

    def check_recipe(self, recipe: Recipe) -> None:
        """Raises MismatchError, with both side by side, where the values were made by another."""
        check_recipe(self.recipe, recipe, self.folder)

    @property
    def paths(self) -> tuple[Path, ...]:
        """All images of the list, as files."""
        return tuple(self.source / path for path in self._ledger.paths)

    @property
    def listed(self) -> Sequence[str]:
        """All images of the list, also those without values; paths below the source folder."""
        return self._ledger.paths

    @property
    def checksums(self) -> NDArray[np.uint64]:
        """XXH3 of the values of each listed image; 0 for those without."""
        return self._ledger.checksums()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The path of every image below the source folder."""
        return tuple(self._ledger.paths[place] for place in self._places)

    @property
    def failed(self) -> dict[str, str]:
        """Images that were listed but have no values, with the reason."""
        return {self._ledger.paths[place]: text for place, text in self._ledger.errors.items()}

    @cached_property
    def packs(self) -> tuple[Array, ...]:
        """The images side by side, [images, *recipe.image_shape] for every pack, without padding.

        Empty in stores of one file an image.
        """
        form = self.manifest.description.form
        return tuple(
            self._map(file, pack_rows(form, images))[:images]
            for file, images in self.manifest.packs
        )

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, key: int | str) -> Array:  # type: ignore[override]  # no slices
        record = self.record(key)
        if self.packs:
            return np.asarray(self.packs[self._pack_numbers[str(record.file)]][record.row])
        return np.asarray(self._map(str(record.file), 1)[0])

    def record(self, key: int | str) -> Record:
        """What the ledger has of an image. Raises KeyError for an unknown name, IndexError."""
        if isinstance(key, str):
            try:
                key = self._by_name[key]
            except KeyError:
                raise KeyError(f"{self.folder}: no image {key!r}") from None
        return self._ledger[int(self._places[key])]

    def batches(self, batch_size: int, count: int | None = None) -> Iterator[Batch]:
        """The listed images, or the first `count`, as Preprocessor.stream gives them.

        Batch.indices are places in `listed`, and Batch.errors has those without values. The arrays
        are views of the packs, where batches end early; of single files they are copies.
        """
        listed = len(self._ledger) if count is None else min(count, len(self._ledger))
        failed = sorted(place for place in self._ledger.errors if place < listed)
        told = 0
        stop = int(np.searchsorted(self._places, listed))
        for begin, images in self._pieces(batch_size, stop):
            indices = self._places[begin : begin + len(images)]
            upto = bisect_left(failed, indices[-1])
            yield Batch(
                images, indices, self._errors(failed[told:upto]), self._findings(indices.tolist())
            )
            told = upto
        if told < len(failed):
            nothing = np.empty((0, *self.recipe.image_shape), self.recipe.numpy_dtype)
            yield Batch(nothing, np.empty(0, np.intp), self._errors(failed[told:]))

    def _pieces(self, batch_size: int, stop: int) -> Iterator[tuple[int, Array]]:
        first = 0
        for pack in self.packs:
            for begin in range(0, len(pack), batch_size):
                piece = pack[begin : begin + batch_size][: stop - first]
                if len(piece):
                    yield first, piece
                first += len(piece)
        for begin in range(first, stop, batch_size):
            end = min(begin + batch_size, stop)
            yield begin, np.stack([self[index] for index in range(begin, end)])

    def _errors(self, places: Iterable[int]) -> tuple[DecodeError, ...]:
        paths, errors = self._ledger.paths, self._ledger.errors
        return tuple(DecodeError(str(self.source / paths[p]), errors[p], p) for p in places)

    def _findings(self, places: Iterable[int]) -> tuple[Finding, ...]:
        paths, noticed = self._ledger.paths, self._ledger.noticed
        return tuple(
            Finding(str(self.source / paths[p]), *noticed[p], p) for p in places if p in noticed
        )

    @cached_property
    def _by_name(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names)}

    @cached_property
    def _pack_numbers(self) -> dict[str, int]:
        return {file: number for number, (file, _) in enumerate(self.manifest.packs)}

    def _map(self, file: str, rows: int) -> Array:
        path = place_of(self.folder, file)
        values = map_file(path, rows * self.recipe.image_bytes)
        if values is None:
            raise DatasetError(f"{path}: missing or of another size; 'regcore preprocess' mends it")
        return values.view(self.recipe.numpy_dtype).reshape(rows, *self.recipe.image_shape)


def read_ledger(folder: Path, manifest: Manifest | None) -> Ledger:
    """The ledger of a folder, empty where there is none; DatasetError if not the manifest's."""
    path = folder / LEDGER
    try:
        with path.open("rb") as file:
            ledger = Ledger.read(file, path)
    except FileNotFoundError:
        ledger = Ledger()
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}") from error
    if manifest is not None and (
        len(ledger) != manifest.images or file_checksum(path) != manifest.ledger_checksum
    ):
        raise DatasetError(f"{path}: not the ledger that {MANIFEST} was written for")
    return ledger
