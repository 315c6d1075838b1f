"""What is to be written where, and whether anything speaks against it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.images.preprocessor import Preprocessor
from regcore.sources.protocol import ImageSource
from regcore.store.earlier import Earlier
from regcore.store.ledger import place_of
from regcore.store.manifest import StoreSpec
from regcore.store.packs import Packs
from regcore.store.single_files import SingleFiles
from regcore.store.target_folder import (
    check_foreign,
    check_inputs,
    check_inside,
    check_surplus,
    check_unlisted,
    value_files,
)


@dataclass(frozen=True)
class StoreJob:
    """The images of `source`, in their form, for a store in `folder`.

    preprocessor: by which they are made. description: of that store. force: what earlier runs made
    goes.
    """

    preprocessor: Preprocessor
    images: SingleFiles | Packs
    source: ImageSource
    folder: Path
    description: StoreSpec
    force: bool

    @property
    def target(self) -> Path:
        """Where its makers put the images."""
        return self.folder

    def check(self, earlier: Earlier) -> dict[str, int]:
        """The value files in the folder, with their sizes, once nothing speaks against the work.

        Raises what write_store does.
        """
        known = earlier.known()
        mine = known.files()
        for file in mine:
            place_of(self.folder, file)
        if not self.force:
            earlier.check(self.description, self.folder)
            check_unlisted(self.folder, known.paths(), self.source.names)
        check_inside(self.folder, self.images.files)
        there = value_files(self.folder)
        wanted = set(self.images.files)
        check_surplus(self.folder, there, wanted | mine if self.force else wanted)
        strange = [file for file in there if file not in mine]
        check_inputs(self.folder, strange, self.source.files())
        if not earlier.traces and not self.force:
            check_foreign(self.folder, strange)
        return there

    def growth(self, kept: NDArray[np.bool_], there: dict[str, int], earlier: Earlier) -> int:
        """By how many bytes the folder grows at most on the way."""
        if not self.force:
            return self.images.growth(kept, there)
        mine = earlier.known().files()
        freed = sum(size for file, size in there.items() if file in mine)
        others = {file: size for file, size in there.items() if file not in mine}
        return self.images.growth(kept, others) - freed
