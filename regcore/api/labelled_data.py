"""What evaluate_model runs a model on: labelled photos, or a store of labelled images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regcore.api.messages import Log, log_all, log_listing
from regcore.errors import DatasetError
from regcore.files.names import split_member
from regcore.images.labels import LabelledImages, label_images, read_labels
from regcore.images.preprocessor import Preprocessor
from regcore.inference.evaluate import Evaluation, evaluate, evaluate_batches
from regcore.inference.inputs.source import closed_after
from regcore.inference.inputs.store import device_batches
from regcore.sources.protocol import ImageSource
from regcore.sources.spelling import is_spelled, open_source
from regcore.store.reader import Store, holds_store, open_store

if TYPE_CHECKING:
    from regcore.backends.protocol import Backend
    from regcore.errors import DecodeError

_NAMED_MISSING = 10


@dataclass(frozen=True)
class LabelledData:
    """Labelled images below `root`, out of a store where there is one."""

    store: Store | None
    source: ImageSource | None
    root: Path
    names: Sequence[str]
    labelled: LabelledImages
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
            with closed_after(device_batches(self.store, backend, batch_size, count)) as batches:
                return evaluate_batches(batches, backend, labels, **how)
        items = [] if self.source is None else self.source.read(range(count))
        return evaluate(preprocessor, backend, items, labels, batch_size=batch_size, **how)

    def close(self) -> None:
        """Lets go of the photos' files."""
        if self.source is not None:
            self.source.close()


def read_labelled_data(
    images: str | Path, labels: Path | None, log: Log, *, verify: bool
) -> LabelledData:
    """Opens a store or lists photos, and gives each image its label.

    labels: None for those that the images' source itself has.
    """
    expected = None if labels is None else read_labels(labels)
    if not is_spelled(str(images)) and holds_store(Path(images)):
        store = open_store(images, verify=verify)
        names, root = store.listed, store.root
        # A store remembers where its images were; the labels there are not read again.
        labelled = _labelled(names, root, expected, None)
        return LabelledData(store, None, store.source, names, labelled)
    source = open_source(images)
    log_listing(log, source)
    own = source.labels() if expected is None else None
    labelled = _labelled(source.names, source.root, expected, own)
    root = source.root
    return LabelledData(None, source, Path(root), source.names, labelled, tuple(source.broken))


def _labelled(
    names: Sequence[str],
    root: str,
    expected: dict[str, int] | None,
    own: NDArray[np.int64] | None,
) -> LabelledImages:
    # An archive is the folder of its members.
    paths = tuple(Path(root) / "/".join(split_member(name) or (name,)) for name in names)
    if expected is not None:
        return label_images(paths, root, expected)
    if own is None:
        raise DatasetError(f"{root}: the images have no labels of their own; --labels names a file")
    return LabelledImages(paths, own, ())


def log_missing(images: str | Path, missing: tuple[str, ...], log: Log) -> None:
    """Names labels without an image, which nobody may have intended."""
    if missing:
        log_all(log, (f"{images}: no image for the label {m}" for m in missing), _NAMED_MISSING)
        log(f"{len(missing)} labelled images are not there; --subset if that is intended")
