"""How a run begins and ends behind a URL, where nobody can lock anything."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from regcore.counted import counted
from regcore.errors import OutputError, RegcoreError
from regcore.store.earlier import Earlier
from regcore.store.ledger import LEDGER
from regcore.store.manifest import MANIFEST, StoreSpec
from regcore.store.remote.earlier import read_description
from regcore.store.remote.folder import DESCRIPTION, WORK, RemoteFolder
from regcore.store.remote.parts import agree, is_part, new_run, part_name
from regcore.store.remote.reading import read_remote_manifest

_TEMPORARY = re.compile(rf"{WORK}/[0-9a-f]{{16}}\.tmp")


def begin(
    files: RemoteFolder,
    there: Collection[str],
    description: StoreSpec,
    earlier: Earlier,
    kept: Path,
    *,
    force: bool,
) -> str:
    """Makes the store one in the making, for everybody to see; returns the name of this run.

    kept: a local file of the description and the records of images that stay, which are put before
    manifest and ledger go: a put that is refused loses nothing. force: what earlier runs made goes
    first. Raises RegcoreError where another process began another store there in the meantime.
    """
    if force:
        files.remove({MANIFEST} & set(there))
        files.remove((earlier.known().files() | {LEDGER}) & set(there))
        clear_work(files, there)
        there = ()
    run = new_run(there)
    files.create(DESCRIPTION, description.to_line())
    check_ours(files, description)
    if len(earlier.ledger) and not force:
        files.put({part_name(run, None): kept})
    for name in (MANIFEST, LEDGER):  # in this order: a ledger alone counts for nothing
        files.remove({name} & set(there))
    return run


def check_ours(files: RemoteFolder, description: StoreSpec) -> None:
    """Raises RegcoreError where another process writes another store there.

    Two that write the same one write the same bytes, and whichever is done first clears the
    description away.
    """
    now = read_description(files)
    if now is None:
        manifest = read_remote_manifest(files)
        now = None if manifest is None else manifest.description
    if now is None or not agree(now, description):
        raise RegcoreError(
            f"{files}: another process is writing to this folder; wait for it, or choose another "
            "folder"
        )


def check_there(files: RemoteFolder, wanted: Mapping[str, int]) -> None:
    """Raises OutputError where a file that was put is not there whole, before that is declared."""
    there = files.sizes()
    for name, size in wanted.items():
        if there.get(name) == size:
            continue
        found = files.size(name)  # a list may come late
        if found != size:
            what = (
                "is not there"
                if found is None
                else f"has {counted(found, 'byte')} instead of {size}"
            )
            raise OutputError(
                f"{files.called(name)}: was put, but {what}; the same command makes it again"
            )


def clear_work(files: RemoteFolder, there: Collection[str]) -> None:
    """Removes what is there only while a store is in the making, and nothing of others."""
    files.remove(name for name in there if is_part(name) or _TEMPORARY.fullmatch(name))
    files.remove({DESCRIPTION} & set(there))  # without which the others mean nothing
    files.remove_empty_work()
