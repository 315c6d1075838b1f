"""What earlier runs left in a folder, and whether it can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.files.checksum import checksum
from regcore.images.preprocessor import Preprocessor
from regcore.sources.protocol import ImageSource
from regcore.store.ledger import LEDGER, LayeredLedgers, Ledger
from regcore.store.ledger_file import belongs, read_ledger
from regcore.store.manifest import MANIFEST, Manifest, StoreSpec, TornError

_BATCH_SIZE = 16


@dataclass(frozen=True)
class Earlier:
    """What earlier runs left.

    manifest: of a whole store; ledger: beside it, or without it; journal: what was recorded since.
    begun: the description in the journal. proven: whether it is known by which recipe the images
    in the ledger were made: a power cut may take the manifest, and with it the recipe.
    traces: whether regcore was at work here at all.
    """

    manifest: Manifest | None
    ledger: Ledger
    journal: Ledger
    begun: StoreSpec | None
    proven: bool
    traces: bool

    def known(self) -> LayeredLedgers:
        """All records, the last ones first."""
        return LayeredLedgers(self.ledger, self.journal)

    def check(self, wanted: StoreSpec, folder: str | Path) -> None:
        """Raises MismatchError where another description was asked for before."""
        if self.begun is not None:
            self.begun.check(wanted, folder)
        if self.manifest is not None:
            self.manifest.description.check(wanted, folder)

    def chosen(self, now: bool | None) -> bool | None:  # noqa: FBT001
        """Whether somebody chose the recipe, then or now; see StoreSpec."""
        before = self.manifest.description if self.manifest else self.begun
        return now if now or before is None else before.recipe_chosen

    def is_whole(self, paths: Sequence[str], chosen: bool | None) -> bool:  # noqa: FBT001
        """Whether the manifest already says of just these images all that is to be said."""
        return (
            self.manifest is not None
            and self.proven
            and self.manifest.description.recipe_chosen == chosen
            and self.ledger.paths == list(paths)
        )


def read_earlier(
    folder: Path, begun: StoreSpec | None, journal: Ledger, *, force: bool = False
) -> Earlier:
    """What is in `folder`, beside the journal.

    A manifest that a power cut left torn, or took, is none. Raises DatasetError where something is
    damaged otherwise, or not regcore's, unless with `force`: then it is none as well.
    """
    traces = begun is not None or (folder / MANIFEST).exists() or (folder / LEDGER).exists()
    try:
        manifest = Manifest.read(folder)
    except TornError:
        manifest = None
    except DatasetError as error:
        if not force:
            raise _with_advice(error) from error
        manifest = None
    try:
        ledger = read_ledger(folder, None)
    except DatasetError as error:
        if not force:
            raise _with_advice(error) from error
        ledger = Ledger()
    if manifest is not None:
        proven = belongs(folder, ledger, manifest)
    else:
        proven = begun is not None or not len(ledger)
    return Earlier(manifest, ledger, journal, begun, proven=proven, traces=traces)


def _with_advice(error: DatasetError) -> DatasetError:
    return DatasetError(
        f"{error}; move it away if it is not a store's, or --force to start anew without "
        f"{MANIFEST} and {LEDGER}"
    )


def prove(
    preprocessor: Preprocessor,
    source: ImageSource,
    known: LayeredLedgers,
    kept: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Which of the images that are `kept` have the values that the preprocessor gives now.

    They are made again: nothing less shows by which recipe they were made.
    """
    proven: NDArray[np.bool_] = kept.copy()
    places = np.flatnonzero(kept).tolist()
    paths = source.names
    with preprocessor.stream(source.read(places), _BATCH_SIZE, on_error="report") as stream:
        for batch in stream:
            for image, index in zip(batch.images, batch.indices.tolist(), strict=True):
                place = places[index]
                record = known.find(paths[place])
                values = image.reshape(-1).view(np.uint8)
                same = record is not None and record.checksum == f"{checksum(values):016x}"
                proven[place] = same
            for error in batch.errors:
                record = known.find(paths[places[error.index]])
                proven[places[error.index]] = record is not None and record.error is not None
    return proven
