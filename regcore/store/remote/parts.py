"""Records of a store in the making behind a URL: one file for each portion that was put."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from io import BytesIO

from regcore.errors import MismatchError
from regcore.store.ledger import Ledger
from regcore.store.manifest import StoreSpec
from regcore.store.remote.folder import WORK, RemoteFolder

#: By the number of the run and a word of its own.
_PART = re.compile(rf"{WORK}/([0-9]+)-[0-9a-f]{{8}}-([0-9]{{9,}}|kept)\.jsonl")


def part_name(run: str, first: int | None) -> str:
    """The file of the portion that begins at the place `first`; None: of what the run kept."""
    return f"{WORK}/{run}-{'kept' if first is None else f'{first:09}'}.jsonl"


def is_part(name: str) -> bool:
    """Whether this is the name of such a file."""
    return _PART.fullmatch(name) is not None


def new_run(there: Collection[str]) -> str:
    """What tells the records of a run from those that are there, and puts them behind these."""
    numbers = [int(match[1]) for name in there if (match := _PART.fullmatch(name))]
    return f"{max(numbers, default=0) + 1:04}-{secrets.token_hex(4)}"


def read_parts(files: RemoteFolder, there: Collection[str], begun: StoreSpec | None) -> Ledger:
    """The records of all portions of the store that was begun, those of the last run last.

    Each file begins with the description of its store: one of another store counts for nothing.
    """
    if begun is None:
        return Ledger()
    found = [(int(match[1]), name) for name in there if (match := _PART.fullmatch(name))]
    names = [name for _, name in sorted(found)]
    records = []
    for name, content in zip(names, files.read_all(names), strict=True):
        head, _, rest = (content or b"").partition(b"\n")
        if head and agree(StoreSpec.read(head, files.called(name)), begun):
            records.append(rest)
    return Ledger.read(BytesIO(b"".join(records)), files.called(WORK))


def agree(one: StoreSpec, other: StoreSpec) -> bool:
    """Whether both describe the same store."""
    try:
        one.check(other, "")
    except MismatchError:
        return False
    return True
