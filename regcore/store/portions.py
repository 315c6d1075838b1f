"""A store in portions, each made by a process of its own, and told in records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DecodeError
from regcore.images.preprocessor import Preprocessor
from regcore.sources.protocol import ImageSource
from regcore.store.arrangement import arrange
from regcore.store.journal import Journal
from regcore.store.ledger_line import Record
from regcore.store.manifest_form import StoreLayout
from regcore.store.progress import Tally


@dataclass(frozen=True)
class Portion:
    """Images of a store that are made together. places: of them in the list.

    first_pack: the number of their pack, in stores of packs.
    """

    places: Sequence[int]
    first_pack: int = 0


def portions(form: StoreLayout, kept: NDArray[np.bool_], count: int) -> list[Portion]:
    """The images that are not kept in about `count` portions; a pack is a portion by itself."""
    if form.pack_images is not None:
        size = form.pack_images
        starts = np.flatnonzero(~kept[::size]) * size
        return [
            Portion(range(start, min(start + size, len(kept))), start // size)
            for start in starts.tolist()
        ]
    missing = np.flatnonzero(~kept)
    parts = np.array_split(missing, min(count, len(missing)) or 1)
    return [Portion(part.tolist()) for part in parts if len(part)]


@dataclass(frozen=True)
class MadePortion:
    """Records of the images of a portion, and what its workers together spent in each stage."""

    records: Sequence[Record]
    stage_seconds: dict[str, float]


@dataclass
class _Collected:
    """A RecordSink that keeps them."""

    records: list[Record] = field(default_factory=list)

    def append(self, records: Iterable[Record], *, durably: bool = False) -> None:
        """See RecordSink; the files themselves are durable already."""
        del durably
        self.records += records


def make_portion(
    preprocessor: Preprocessor,
    source: ImageSource,
    folder: Path,
    form: StoreLayout,
    first_pack: int = 0,
) -> MadePortion:
    """Makes the images of `source`, a portion of a store's.

    Each file is whole, or not there, and again the same if it is made again.
    """
    images = arrange(preprocessor, source, folder, form, first_pack)
    collected = _Collected()
    before = preprocessor.stage_seconds()
    images.write(np.zeros(len(source), np.bool_), collected, Tally())
    spent = {stage: now - before[stage] for stage, now in preprocessor.stage_seconds().items()}
    return MadePortion(collected.records, spent)


def take_portion(
    portion: Portion,
    made: MadePortion,
    source: ImageSource,
    journal: Journal,
    tally: Tally,
) -> None:
    """Enters the records of a portion; source: that of the whole store."""
    records = made.records
    journal.append(records, durably=True)
    place_of = {source.names[place]: place for place in portion.places}
    errors = [
        DecodeError(source.path(place_of[record.path]), record.error, place_of[record.path])
        for record in records
        if record.error is not None
    ]
    found = (record.diagnostic(source.root) for record in records)
    written = len(records) - len(errors)
    tally.recorded += written
    for stage, seconds in made.stage_seconds.items():
        tally.stage_seconds[stage] = tally.stage_seconds.get(stage, 0.0) + seconds
    tally.add(written, errors, [one for one in found if one is not None])
    tally.running(0, 0)
