"""What earlier runs left behind a URL, and how a run begins and ends there."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection, Mapping
from io import BytesIO

from regcore.errors import DatasetError, MismatchError, OutputError, RegcoreError
from regcore.store.earlier import Earlier
from regcore.store.ledger import LEDGER, Ledger
from regcore.store.manifest import MANIFEST, StoreSpec, TornError
from regcore.store.remote.folder import DESCRIPTION, WORK, RemoteFolder
from regcore.store.remote.reading import read_remote_ledger, read_remote_manifest

#: The records of a portion, by the number of the run and a word of its own.
_PART = re.compile(rf"{WORK}/([0-9]+)-[0-9a-f]{{8}}-[0-9]{{9,}}\.jsonl")
_TEMPORARY = re.compile(rf"{WORK}/[0-9a-f]{{16}}\.tmp")
_ADVICE = "--force starts anew, and deletes what is there"


def read_remote_earlier(
    files: RemoteFolder, there: Collection[str], *, force: bool = False
) -> Earlier:
    """What earlier runs left. there: the names of all files.

    Records count only where the manifest or the description beside them says by which recipe the
    images were made, and only with their files; `force` reads what can be read of them.
    Raises DatasetError where something is damaged, unless with `force`.
    """
    try:
        try:
            manifest = read_remote_manifest(files) if MANIFEST in there else None
        except TornError:
            manifest = None
        begun = read_description(files) if DESCRIPTION in there else None
        ledger, found = read_remote_ledger(files) if LEDGER in there else (Ledger(), "")
        parts = _parts(files, there, begun)
    except DatasetError as error:
        if not force:
            raise DatasetError(f"{error}; {_ADVICE}") from error
        return Earlier(None, Ledger(), Ledger(), None, proven=True, traces=True)
    belongs = manifest is not None and (len(ledger), found) == (
        manifest.images,
        manifest.ledger_checksum,
    )
    traces = bool({MANIFEST, LEDGER, DESCRIPTION} & set(there))
    if not belongs and (manifest is not None or begun is None) and not force:
        ledger = Ledger()
    return Earlier(manifest, ledger, parts, begun, proven=True, traces=traces)


def _parts(files: RemoteFolder, there: Collection[str], begun: StoreSpec | None) -> Ledger:
    """The records of all portions of the store that was begun, those of the last run last."""
    if begun is None:
        return Ledger()
    found = [(int(match[1]), name) for name in there if (match := _PART.fullmatch(name))]
    names = [name for _, name in sorted(found)]
    records = []
    for name, content in zip(names, files.read_all(names), strict=True):
        head, _, rest = (content or b"").partition(b"\n")
        if head and _agree(StoreSpec.read(head, files.called(name)), begun):
            records.append(rest)
    return Ledger.read(BytesIO(b"".join(records)), files.called(WORK))


def _agree(one: StoreSpec, other: StoreSpec) -> bool:
    try:
        one.check(other, "")
    except MismatchError:
        return False
    return True


def read_description(files: RemoteFolder) -> StoreSpec | None:
    """What the store in the making there will be; None where there is none."""
    text = files.read(DESCRIPTION)
    return None if text is None else StoreSpec.read(text, files.called(DESCRIPTION))


def begin(
    files: RemoteFolder,
    there: Mapping[str, int],
    description: StoreSpec,
    earlier: Earlier,
    *,
    force: bool,
) -> str:
    """Makes the store one in the making, for everybody to see; returns the name of this run.

    force: what earlier runs made goes first. Raises RegcoreError where another process began
    another store there in the meantime.
    """
    files.remove({MANIFEST} & there.keys())
    if force:
        files.remove((earlier.known().files() | {LEDGER}) & there.keys())
        clear_work(files, there)
    files.create(DESCRIPTION, json.dumps(description.to_dict()).encode() + b"\n")
    check_ours(files, description)
    runs = [] if force else [int(m[1]) for name in there if (m := _PART.fullmatch(name))]
    return f"{max(runs, default=0) + 1:04}-{secrets.token_hex(4)}"


def check_ours(files: RemoteFolder, description: StoreSpec) -> None:
    """Raises RegcoreError where another process writes another store there.

    Two that write the same one write the same bytes, and whichever is done first clears the
    description away.
    """
    now = read_description(files)
    if now is None:
        manifest = read_remote_manifest(files)
        now = None if manifest is None else manifest.description
    if now is None or not _agree(now, description):
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
            what = "is not there" if found is None else f"has {found} bytes instead of {size}"
            raise OutputError(
                f"{files.called(name)}: was put, but {what}; the same command makes it again"
            )


def clear_work(files: RemoteFolder, there: Collection[str]) -> None:
    """Removes what is there only while a store is in the making, and nothing of others."""
    files.remove(name for name in there if _PART.fullmatch(name) or _TEMPORARY.fullmatch(name))
    files.remove({DESCRIPTION} & set(there))  # without which the others mean nothing
    files.remove_empty_work()
