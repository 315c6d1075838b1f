"""Portions of a store made on a disk of this machine, and put behind a URL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from regcore.files.scratch_folder import scratch_folder
from regcore.images.preprocessor import Preprocessor
from regcore.sources.protocol import ImageSource
from regcore.store.ledger import lines
from regcore.store.manifest import StoreSpec
from regcore.store.manifest_form import StoreLayout
from regcore.store.portions import MadePortion, Portion, make_portion
from regcore.store.remote.folder import RemoteFolder
from regcore.store.remote.parts import part_name
from regcore.store.remote.run import check_ours
from regcore.store.target_folder import value_files


@dataclass(frozen=True)
class RemoteTarget:
    """Where portions of a store go.

    description: of it. run: what tells the records of one run from those of others.
    """

    folder: RemoteFolder
    description: StoreSpec
    run: str


def make_portion_at(
    target: Path | RemoteTarget,
    preprocessor: Preprocessor,
    source: ImageSource,
    form: StoreLayout,
    portion: Portion,
) -> MadePortion:
    """Makes a portion, whose images `source` has, in a folder, or for one behind a URL.

    There its values are put first, and then its records, as one file: a portion that was put and
    recorded is kept by the next run, and one that is made again replaces the same files. The file
    begins with the description: it may come late, when somebody has begun another store there.
    Raises RegcoreError where that shows before anything is put.
    """
    if isinstance(target, Path):
        return make_portion(preprocessor, source, target, form, portion.first_pack)
    with scratch_folder() as folder:
        made = make_portion(preprocessor, source, folder, form, portion.first_pack)
        check_ours(target.folder, target.description)
        target.folder.put({file: folder / file for file in value_files(folder)})
    name = part_name(target.run, portion.places[0])
    target.folder.put_bytes(name, target.description.to_line() + lines(made.records))
    return made
