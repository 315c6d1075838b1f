"""The values of a store: read from its files, and checked where they are first read.

They are read, not mapped, where `mapped` is not asked for: a file that somebody cuts short while it
is mapped kills the process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.files.checksum import checksum
from regcore.store.integrity import other_values
from regcore.store.layout import pack_rows
from regcore.store.ledger import Ledger
from regcore.store.local_files import LocalFiles, Piece
from regcore.store.manifest import Manifest
from regcore.store.remote.values import RemoteValues


class Values:
    """The images of a whole store that have values, by their places among these.

    places: of them in the ledger. Raises DatasetError where manifest and ledger contradict.
    """

    def __init__(
        self, files: LocalFiles | RemoteValues, manifest: Manifest, ledger: Ledger
    ) -> None:
        has_values = np.ones(len(ledger), bool)
        has_values[list(ledger.errors)] = False
        self.places = np.flatnonzero(has_values)
        self._files = files
        self._ledger = ledger
        self._image_bytes = manifest.description.recipe.image_bytes
        self._form = manifest.description.form
        self._packs = manifest.packs
        self.pack_starts = np.cumsum([0, *(images for _, images in self._packs)])
        self._checksums = ledger.checksums()
        self._checked = np.zeros(len(self.places), bool)
        self._check_packs()

    def __len__(self) -> int:
        return len(self.places)

    def read_into(self, first: int, rows: NDArray[np.uint8], *, verify: bool = True) -> None:
        """Fills `rows`, uint8 [images, bytes of an image], with the images from `first` on.

        verify: their checksums are looked at, of each image once. Raises DatasetError where a file
        is missing or of another size, MismatchError where its values are others.
        """
        self._files.fill(self._pieces(first, rows))
        if verify:
            self.check(first, rows)

    def read_places(
        self, places: Sequence[int], rows: NDArray[np.uint8], *, verify: bool = True
    ) -> None:
        """The same of any images; those that lie side by side are read together."""
        starts = np.flatnonzero(np.diff(places, prepend=-2) != 1)
        runs = [
            (places[begin], rows[begin:end])
            for begin, end in pairwise([*starts.tolist(), len(places)])
        ]
        self._files.fill(piece for first, part in runs for piece in self._pieces(first, part))
        if verify:
            for first, part in runs:
                self.check(first, part)

    def _pieces(self, first: int, rows: NDArray[np.uint8]) -> Iterator[Piece]:
        """What each file has of the images from `first` on."""
        done = 0
        while done < len(rows):
            place = first + done
            count, row = 1, 0
            if self._packs:
                pack = self.pack_of(place)
                count = min(len(rows) - done, int(self.pack_starts[pack + 1]) - place)
                row = place - int(self.pack_starts[pack])
            yield Piece(
                self._file(place),
                self.file_bytes(place),
                row * self._image_bytes,
                rows[done : done + count],
            )
            done += count

    def check(self, first: int, rows: NDArray[np.uint8]) -> None:
        """Raises MismatchError where an image that was not checked before has other values."""
        for row in np.flatnonzero(~self._checked[first : first + len(rows)]).tolist():
            place = first + row
            if checksum(rows[row]) != int(self._checksums[self.places[place]]):
                raise other_values(f"{self.path(place)}: the values of {self.name(place)}")
            self._checked[place] = True

    def is_checked(self, first: int, end: int) -> bool:
        """Whether all of these were found good."""
        return bool(self._checked[first:end].all())

    def pack_of(self, place: int) -> int:
        """The number of the pack in which an image lies."""
        return int(np.searchsorted(self.pack_starts, place, side="right")) - 1

    @property
    def are_local(self) -> bool:
        """Whether they lie in files of this machine."""
        return isinstance(self._files, LocalFiles)

    def mapped(self, place: int) -> NDArray[np.uint8]:
        """The whole file of an image, mapped; the store is one of this machine."""
        if not isinstance(self._files, LocalFiles):
            raise TypeError("only files of this machine can be mapped")
        return self._files.mapped(self._file(place), self.file_bytes(place))

    def path(self, place: int) -> Path | str:
        """The file of an image, or its URL."""
        return self._files.path(self._file(place))

    def _file(self, place: int) -> str:
        return str(self._ledger.files[int(self.places[place])])

    def name(self, place: int) -> str:
        """The path of the image's source."""
        return self._ledger.paths[int(self.places[place])]

    def file_bytes(self, place: int) -> int:
        """What the file of an image should have."""
        if not self._packs:
            return self._image_bytes
        return pack_rows(self._form, self._packs[self.pack_of(place)][1]) * self._image_bytes

    def _check_packs(self) -> None:
        """Images lie in the packs in the order of the ledger: batches are read by that."""
        expected: Sequence[tuple[str, int]] = self._packs
        if self._form.batch_size is None:
            if expected:
                raise DatasetError(f"{self._files.folder}: has packs, but is of one file an image")
            return
        files = [file for file in self._ledger.files if file is not None]
        starts: list[int] = self.pack_starts.tolist()
        rows = self._ledger.rows()[self.places]
        if (
            len({file for file, _ in expected}) != len(expected)
            or len(files) != starts[-1]
            or any(
                files[start:end].count(file) != end - start
                for (file, _), (start, end) in zip(expected, pairwise(starts), strict=True)
            )
            or any(
                not np.array_equal(rows[start:end], np.arange(end - start))
                for start, end in pairwise(starts)
            )
        ):
            raise DatasetError(f"{self._files.folder}: its packs are not those of its ledger")
