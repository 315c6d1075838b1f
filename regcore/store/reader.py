"""Stores for reading: arrays by place, by name, and in batches."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from regcore.counted import counted
from regcore.errors import DatasetError
from regcore.files.arguments import as_path
from regcore.images.batch_stream import Array, Batch
from regcore.recipes.recipe import Recipe
from regcore.store.ledger import Ledger
from regcore.store.ledger_file import read_ledger
from regcore.store.ledger_line import Record
from regcore.store.local_files import LocalFiles
from regcore.store.manifest import NO_STORE, Manifest, check_recipe
from regcore.store.mapped_packs import MappedPacks
from regcore.store.remote.folder import RemoteFolder, RemotePlace, remote_folder
from regcore.store.remote.reading import read_remote_store
from regcore.store.remote.values import RemoteValues
from regcore.store.stored_batches import StoredBatches
from regcore.store.values import Values

#: What says where a store lies.
StorePlace: TypeAlias = "str | Path | RemotePlace | RemoteFolder"


def open_store(folder: StorePlace, *, recipe: Recipe | None = None, verify: bool = True) -> Store:
    """Opens what `regcore preprocess` or `write_store` made.

    folder: its path, a URL that fsspec opens, or a file system of fsspec and a path in it. Behind a
    URL, values are fetched when they are asked for.
    recipe: what the values must have been made by. verify: the checksum of an image is looked at
    when its values are first read, which takes about 0.2 ms a megabyte.
    Raises MismatchError where the recipe was another one, DatasetError where there is no store, or
    none that is whole; of a URL, BackendError where a package is missing, and RegcoreError where
    its file system refuses.
    """
    remote = remote_folder(folder)
    if remote is not None:
        store = Store(RemoteValues(remote), *read_remote_store(remote), verify=verify)
    else:
        path = as_path("folder", folder)  # type: ignore[arg-type]
        manifest = Manifest.read(path)
        if manifest is None:
            raise DatasetError(NO_STORE.format(path))
        store = Store(LocalFiles(path), manifest, read_ledger(path, manifest), verify=verify)
    if recipe is not None:
        store.check_recipe(recipe)
    return store


class Store(Sequence[Array]):
    """The images that have values, in the order of the list; each an array of the recipe's shape.

    Index it with a place or with the path of an image below its source folder; the arrays are
    read-only. A slice of places gives one array of these images, [images, *recipe.image_shape], in
    memory of its own. `name in store` says whether an image of that path has values.

    Values whose checksum is not that of the ledger raise MismatchError when they are first read, a
    file that is missing or of another size DatasetError.
    """

    def __init__(
        self,
        files: LocalFiles | RemoteValues,
        manifest: Manifest,
        ledger: Ledger,
        *,
        verify: bool = True,
    ) -> None:
        self._files = files
        self.manifest = manifest
        self._ledger = ledger
        self._verify = verify
        self._values = Values(files, manifest, ledger)
        self._places = self._values.places

    @property
    def folder(self) -> Path | str:
        """In which it lies; its URL where it has one."""
        return self._files.folder

    @property
    def is_local(self) -> bool:
        """Whether it lies on a disk of this machine."""
        return self._values.are_local

    @property
    def place(self) -> Path | RemoteFolder:
        """What `open_store` takes in another process."""
        return self._files.place

    @property
    def recipe(self) -> Recipe:
        """What the values were made by."""
        return self.manifest.description.recipe

    @property
    def source(self) -> Path:
        """The folder below which the images were."""
        return Path(self.manifest.description.source)

    @property
    def root(self) -> str:
        """The same as it was written down: it may be a URL."""
        return self.manifest.description.source

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
    def packs(self) -> MappedPacks:
        """The images side by side, [images, *recipe.image_shape] for every pack, without padding.

        Mapped, not copied, of a store of this machine. Empty in stores of one file an image.
        """
        count = len(self.manifest.packs)
        return MappedPacks(self._values, self.recipe, count, verify=self._verify)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, key: int | str | slice) -> Array:  # type: ignore[override]
        if isinstance(key, slice):
            return self._read_places(range(len(self))[key])
        place = self._place(key)
        if not (self.packs and self.is_local):
            image = np.empty(self.recipe.image_shape, self.recipe.numpy_dtype)
            self.read_into(place, image[np.newaxis])
            image.flags.writeable = False
            return image
        number = self._values.pack_of(place)
        row = place - int(self._values.pack_starts[number])
        if self._verify and not self._values.is_checked(place, place + 1):
            self.read_into(place, np.empty((1, *self.recipe.image_shape), self.recipe.numpy_dtype))
        return np.asarray(self.packs.unchecked(number)[row])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._by_name

    def _read_places(self, places: range) -> Array:
        images = np.empty((len(places), *self.recipe.image_shape), self.recipe.numpy_dtype)
        self.read_places(places, images)
        return images

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.recipe.image_shape))
        failed = f", {len(self.failed)} failed" if self.failed else ""
        what = f"{counted(len(self), 'image')} of {shape} {self.recipe.dtype}"
        return f"<Store {str(self.folder)!r}: {what}{failed}>"

    def read_into(self, first: int, images: Array, *, verify: bool | None = None) -> None:
        """Reads as many images as `images` has rows, from place `first` on.

        images: C-contiguous, of the recipe's dtype and shape. verify: by default as the store was
        opened. Raises DatasetError and MismatchError as the store does.
        """
        rows = images.reshape(len(images), -1).view(np.uint8)
        self._values.read_into(first, rows, verify=self._verify if verify is None else verify)

    def read_places(self, places: Sequence[int], images: Array) -> None:
        """Reads the images at these places into the rows of `images`, as `read_into` does."""
        if not len(places):
            return
        rows = images.reshape(len(images), -1).view(np.uint8)
        self._values.read_places(places, rows, verify=self._verify)

    def places_of(self, names: Iterable[str]) -> list[int]:
        """The places of images; KeyError for one that has no values."""
        return [self._place(name) for name in names]

    def file(self, key: int | str) -> Path | str:
        """The file in which an image lies, or its URL."""
        return self._values.path(range(len(self))[self._place(key)])

    def record(self, key: int | str) -> Record:
        """What the ledger has of an image. Raises KeyError for an unknown name, IndexError."""
        return self._ledger[int(self._places[self._place(key)])]

    def _place(self, key: int | str) -> int:
        if not isinstance(key, str):
            try:
                return range(len(self))[key]
            except IndexError:
                raise IndexError(f"{self.folder}: no image {key} of {len(self)}") from None
            except TypeError:
                raise TypeError(
                    f"an image of a store is asked for by its place, its name or a slice, not by "
                    f"{key!r:.60}"
                ) from None
        try:
            return self._by_name[key]
        except KeyError:
            raise KeyError(f"{self.folder}: no image {key!r}") from None

    def batches(
        self,
        batch_size: int,
        count: int | None = None,
        *,
        buffers: Sequence[Array] | None = None,
        ahead: int = 1,
        together: int = 1,
    ) -> Generator[Batch]:
        """The listed images, or the first `count`, as Preprocessor.stream gives them.

        Batch.indices are places in `listed`, and Batch.errors has those without values. Batches end
        at the end of a pack. The values are read, not mapped.

        together: how many batches one read has. Small ones cost less so.
        buffers: arrays of whole reads, used in turn; by default each read has memory of its own.
        ahead: how many reads are in work at once, by threads; the batches of each stay as they are
            until len(buffers) - ahead more reads were begun.
        """
        batches = StoredBatches(self._values, self._ledger, self.root, self.recipe, self._verify)
        listed = len(self._ledger) if count is None else min(count, len(self._ledger))
        return batches.read(batch_size, listed, buffers=buffers, ahead=ahead, together=together)

    @cached_property
    def _by_name(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names)}
