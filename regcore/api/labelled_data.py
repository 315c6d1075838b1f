"""What evaluate_model runs a model on: labelled photos, or a store of labelled images."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from regcore.api.messages import Log, log_all, log_listing
from regcore.api.photo_list import chosen_photos
from regcore.errors import DatasetError
from regcore.images.batch_stream import Batch
from regcore.images.labels import LabelledImages, label_images
from regcore.images.listing import read_image_list
from regcore.images.preprocessor import Preprocessor
from regcore.inference.evaluate import Evaluation, evaluate, evaluate_batches
from regcore.store.reader import Store, holds_store, open_store

if TYPE_CHECKING:
    from regcore.backends.protocol import Backend
    from regcore.errors import DecodeError

_NAMED = 10


@dataclass(frozen=True)
class LabelledData:
    """Labelled images below `root`, out of a store where there is one.

    available: how many there are, also without a label unless these are left out.
    """

    store: Store | None
    root: Path
    labelled: LabelledImages
    available: int
    broken: tuple[DecodeError, ...] = ()

    def evaluate(
        self,
        preprocessor: Preprocessor,
        backend: Backend,
        count: int,
        batch_size: int,
        **how: Any,  # noqa: ANN401
    ) -> Evaluation:
        """Evaluates the first `count` images."""
        labels = self.labelled.labels[:count]
        if self.store:
            batches = _chosen(self.store, self.labelled.names[:count], batch_size)
            return evaluate_batches(batches, backend, labels, **how)
        paths = [self.root / name for name in self.labelled.names[:count]]
        return evaluate(preprocessor, backend, paths, labels, batch_size=batch_size, **how)


def read_labelled_data(
    images: Path,
    labels: Path | str | None,
    log: Log,
    *,
    list_file: Path | None = None,
    limit: int | None = None,
    subset: bool = False,
    verify: bool = True,
) -> LabelledData:
    """Opens a store or lists photos, and gives each image that is evaluated its label.

    labels: see label_images; what is taken where it is not NAME INDEX is said. list_file: a text
    with the names of the images, in the order in which they are evaluated. limit: only so many, the
    first. subset: images without a label are left out, and labels without an image do not matter.
    """
    store: Store | None = None
    broken: tuple[DecodeError, ...] = ()
    names: Sequence[str]
    if holds_store(images):
        store = open_store(images, verify=verify)
        root, names = store.source, _listed_in(store, list_file)
        folders = {name.partition("/")[0] for name in store.listed if "/" in name}
    else:
        listed = chosen_photos(images, list_file)
        log_listing(log, listed)
        root, names = listed.root, listed.names
        broken = tuple(listed.broken)
        folders = _folders(root) if labels == "folders" else set()
    found = label_images(names, labels, root=root, folders=folders, subset=subset, needed=limit)
    if subset or list_file is not None:
        found = replace(found, missing=())
    if not isinstance(labels, Path) or str(labels) != found.origin:
        log(f"labels: {found.origin}")
    if subset and found.unlabelled:
        log_all(
            log, (f"{root / name}: left out, it has no label" for name in found.unlabelled), _NAMED
        )
    available = len(found.names if subset else names)
    return LabelledData(store, root, found, available, broken)


def _folders(root: Path) -> set[str]:
    """The class folders that are there; with those that hold no image, as ImageFolder counts."""
    with os.scandir(root) as entries:
        return {entry.name for entry in entries if entry.is_dir() and entry.name[:1] != "."}


def _listed_in(store: Store, list_file: Path | None) -> Sequence[str]:
    if list_file is None:
        return store.listed
    names = read_image_list(list_file, store.source)
    known = set(store.listed)
    strange = [name for name in names if name not in known]
    if strange:
        raise DatasetError(
            f"{list_file}: {len(strange)} of {len(names)} images are not in the store "
            f"{store.folder}, the first is {strange[0]}"
        )
    return names


def _chosen(store: Store, names: Sequence[str], batch_size: int) -> Iterator[Batch]:
    """The images of a store that are evaluated, with their places in `names`."""
    if list(store.listed[: len(names)]) == list(names):
        yield from store.batches(batch_size, len(names))
        return
    wanted = {name: place for place, name in enumerate(names)}
    place_of = np.array([wanted.get(name, -1) for name in store.listed], np.intp)
    last = int(np.flatnonzero(place_of >= 0)[-1])
    for batch in store.batches(batch_size, last + 1):
        places = place_of[batch.indices]
        errors = tuple(error for error in batch.errors if place_of[error.index] >= 0)
        told = tuple(found for found in batch.diagnostics if place_of[found.index] >= 0)
        if errors or (places >= 0).any():
            yield Batch(batch.images[places >= 0], places[places >= 0], errors, told)


def log_missing(images: Path, missing: tuple[str, ...], log: Log) -> None:
    """Names labels without an image, which nobody may have intended."""
    if missing:
        log_all(log, (f"{images}: no image for the label {m}" for m in missing), _NAMED)
        log(f"{len(missing)} labelled images are not there; --subset if that is intended")
