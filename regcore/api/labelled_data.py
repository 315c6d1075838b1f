"""What evaluate_model runs a model on: labelled photos, or a store of labelled images."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regcore.api.messages import Log, log_all, log_listing
from regcore.api.photo_list import chosen_of_store, chosen_photos, places_of
from regcore.counted import counted
from regcore.images.class_folders import outermost_folders
from regcore.images.labels import LabelledImages, label_images
from regcore.images.preprocessor import Preprocessor
from regcore.inference.evaluate import Evaluation, evaluate, evaluate_batches
from regcore.inference.inputs.source import closed_after
from regcore.inference.inputs.store import chosen_batches
from regcore.inference.score_journal import ScoreJournal
from regcore.sources.protocol import NO_VERSION, ImageSource, below
from regcore.sources.spelling import is_folder, open_source
from regcore.store.presence import is_store
from regcore.store.reader import Store, open_store

if TYPE_CHECKING:
    from regcore.backends.protocol import Backend
    from regcore.errors import DecodeError

_NAMED = 10


@dataclass(frozen=True)
class LabelledData:
    """Labelled images below `root`, out of a store or a source of photos.

    available: how many there are, also without a label unless these are left out.
    """

    store: Store | None
    source: ImageSource | None
    root: Path
    labelled: LabelledImages
    available: int
    broken: tuple[DecodeError, ...] = ()

    def versions(self, count: int) -> Callable[[NDArray[np.int64]], NDArray[np.int64]]:
        """What tells some of the first `count` images from others that had their names before.

        It is asked when the function is called with the images' places, and is int64 [places, any
        number].
        """
        names = self.labelled.names[:count]
        if self.store:
            stored = np.asarray(places_of(self.store.listed, names), np.intp)
            checksums = self.store.checksums.view(np.int64).reshape(-1, 1)[stored]
            return lambda rows: checksums[rows]
        source = self.source
        if source is None:
            return lambda rows: np.zeros((len(rows), 0), np.int64)
        places = places_of(source.names, names)

        def ask(rows: NDArray[np.int64]) -> NDArray[np.int64]:
            found = [source.version(places[row]) for row in rows.tolist()]
            # What cannot be asked is never the same again.
            found = [(-1, time_ns()) if one == NO_VERSION else one for one in found]
            return np.array(found, np.int64).reshape(-1, 2)

        return ask

    def evaluate(
        self,
        preprocessor: Preprocessor,
        backend: Backend,
        count: int,
        batch_size: int,
        journal: ScoreJournal,
        **how: Any,  # noqa: ANN401
    ) -> Evaluation:
        """Evaluates those of the first `count` images that the journal has no scores of."""
        names, labels = self.labelled.names[:count], self.labelled.labels[:count]
        how["journal"] = journal
        if journal.kept.any():
            names = tuple(names[place] for place in np.flatnonzero(~journal.kept).tolist())
        if self.store and names:
            places = places_of(self.store.listed, names)
            batches = chosen_batches(self.store, backend, batch_size, places)
            with closed_after(batches):
                return evaluate_batches(batches, backend, labels, **how)
        items = [] if self.source is None else self.source.read(places_of(self.source.names, names))
        return evaluate(preprocessor, backend, items, labels, batch_size=batch_size, **how)

    def close(self) -> None:
        """Lets go of the photos' files."""
        if self.source is not None:
            self.source.close()


def read_labelled_data(
    images: str | Path,
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
    source: ImageSource | None = None
    folders: Iterable[str] = ()
    own = None
    if is_store(images):
        store = open_store(images, verify=verify)
        root, names = store.root, chosen_of_store(store, list_file)
        folders = outermost_folders(store.listed)
    else:
        source = chosen_photos(images, list_file)
        log_listing(log, source)
        root, names = source.root, source.names
        own = source.labels() if labels is None else None
        if labels == "folders":
            folders = _folders(images)
    found = label_images(
        names, labels, root=root, folders=folders, own=own, subset=subset, needed=limit
    )
    if subset or list_file is not None:
        found = replace(found, missing=())
    if not isinstance(labels, Path) or str(labels) != found.origin:
        log(f"labels: {found.origin}")
    if subset and found.unlabelled:
        lacking = (f"{below(root, name)}: left out, it has no label" for name in found.unlabelled)
        log_all(log, lacking, _NAMED)
    available = len(found.names if subset else names)
    broken = () if source is None else tuple(source.broken)
    return LabelledData(store, source, Path(root), found, available, broken)


def _folders(images: str | Path) -> set[str]:
    """The class folders that are there; with those that hold no image, as ImageFolder counts."""
    if not is_folder(images):
        with open_source(images) as source:  # all of it, whatever a list names
            return outermost_folders(source.names)
    with os.scandir(images) as entries:
        return {entry.name for entry in entries if entry.is_dir() and entry.name[:1] != "."}


def log_missing(images: str | Path, missing: tuple[str, ...], log: Log) -> None:
    """Names labels without an image, which nobody may have intended."""
    if missing:
        log_all(log, (f"{images}: no image for the label {m}" for m in missing), _NAMED)
        are = counted(len(missing), "labelled image is", "labelled images are")
        log(f"{are} not there; --subset if that is intended")
