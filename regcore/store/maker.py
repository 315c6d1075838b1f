"""Who makes the images of a store: the threads of this process, or others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from regcore.images.preprocessor import Preprocessor
from regcore.sources.protocol import ImageSource
from regcore.store.journal import Journal
from regcore.store.manifest import StoreSpec
from regcore.store.packs import Packs
from regcore.store.portions import portions, take_portion
from regcore.store.progress import Tally
from regcore.store.remote.target import RemoteTarget, make_portion_at
from regcore.store.single_files import SingleFiles

#: Images of a portion, which is what a dead process loses.
PORTION = 2048
_SCRATCH_BYTES = 1 << 28


class MakerJob(Protocol):
    """What is to be made."""

    @property
    def preprocessor(self) -> Preprocessor:
        """By which the images are made."""

    @property
    def images(self) -> SingleFiles | Packs:
        """Them, in their form."""

    @property
    def source(self) -> ImageSource:
        """From where they are read."""

    @property
    def description(self) -> StoreSpec:
        """What the store will be."""

    @property
    def target(self) -> Path | RemoteTarget:
        """Its folder, or the one behind a URL."""


#: Makes the images of a job that are not kept: their files, their records, and what they count for.
Maker = Callable[[MakerJob, NDArray[np.bool_], Journal, Tally], object]


def make_here(job: MakerJob, kept: NDArray[np.bool_], journal: Journal, tally: Tally) -> None:
    """The Maker that has the preprocessor's own threads do it."""
    if isinstance(job.target, Path):
        job.images.write(kept, journal, tally)
        return
    form = job.description.form
    for portion in portions(form, kept, portion_count(job, kept)):
        source = job.source.chosen([job.source.names[place] for place in portion.places])
        made = make_portion_at(job.target, job.preprocessor, source, form, portion)
        take_portion(portion, made, job.source, journal, tally)


def portion_count(job: MakerJob, kept: NDArray[np.bool_]) -> int:
    """In how many portions the images are made that are not kept."""
    missing = int((~kept).sum())
    count = -(-missing // PORTION)
    if isinstance(job.target, Path):
        return count
    # Its disk has all of a portion before it goes to its place.
    return max(count, -(-missing * job.preprocessor.recipe.image_bytes // _SCRATCH_BYTES))
