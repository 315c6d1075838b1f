"""The last step of a store: its records in the order of the list, and the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from regcore.errors import DatasetError
from regcore.files.atomic import replacing
from regcore.store.integrity import file_checksum
from regcore.store.ledger import LEDGER, LayeredLedgers, lines
from regcore.store.ledger_line import Record
from regcore.store.manifest import Manifest, StoreSpec

_LINES_AT_ONCE = 4096


def declare_whole(
    folder: Path, description: StoreSpec, paths: Sequence[str], known: LayeredLedgers
) -> None:
    """Puts the records into the order of the list, and declares the store whole."""
    failed = 0
    packs: dict[str, int] = {}

    def records() -> Iterator[Record]:
        nonlocal failed
        for path in paths:
            record = known.find(path)
            if record is None:
                raise DatasetError(f"{folder}: no record of {path} was kept; run it again")
            failed += record.error is not None
            if record.file is not None and description.form.batch_size is not None:
                packs[record.file] = packs.get(record.file, 0) + 1
            yield record

    with replacing(folder / LEDGER) as temporary, temporary.open("wb") as file:
        listed = records()
        while block := list(islice(listed, _LINES_AT_ONCE)):
            file.write(lines(block))
        file.flush()
        found = file_checksum(temporary)
    Manifest(
        description=description,
        images=len(paths),
        failed=failed,
        packs=tuple(packs.items()),
        ledger_checksum=found,
    ).write(folder)
