"""What evaluate_model runs a model on: labelled photos, or a store of labelled images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regcore.api.messages import Log, log_all, log_listing
from regcore.images.labels import LabelledImages, label_images, read_labels
from regcore.images.listing import listing
from regcore.images.preprocessor import Preprocessor
from regcore.inference.evaluate import Evaluation, evaluate, evaluate_batches
from regcore.inference.inputs.source import closed_after
from regcore.inference.inputs.store import device_batches
from regcore.store.reader import Store, holds_store, open_store

if TYPE_CHECKING:
    from regcore.backends.protocol import Backend
    from regcore.errors import DecodeError

_NAMED_MISSING = 10


@dataclass(frozen=True)
class LabelledData:
    """Labelled images below `root`, out of a store where there is one."""

    store: Store | None
    root: Path
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
        paths = self.labelled.paths[:count]
        return evaluate(preprocessor, backend, paths, labels, batch_size=batch_size, **how)


def read_labelled_data(images: Path, labels: Path, log: Log, *, verify: bool) -> LabelledData:
    """Reads the labels, opens a store or lists photos, and gives each image its label."""
    expected = read_labels(labels)
    if holds_store(images):
        store = open_store(images, verify=verify)
        return LabelledData(store, store.source, label_images(store.paths, store.source, expected))
    listed = listing(images)
    log_listing(log, listed)
    paths = tuple(listed.root / name for name in listed.names)
    return LabelledData(None, images, label_images(paths, images, expected), tuple(listed.broken))


def log_missing(images: Path, missing: tuple[str, ...], log: Log) -> None:
    """Names labels without an image, which nobody may have intended."""
    if missing:
        log_all(log, (f"{images}: no image for the label {m}" for m in missing), _NAMED_MISSING)
        log(f"{len(missing)} labelled images are not there; --subset if that is intended")
