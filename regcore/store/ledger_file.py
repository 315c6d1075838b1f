"""The ledger in the folder of a store."""

from __future__ import annotations

import stat
from pathlib import Path

from regcore.errors import DatasetError
from regcore.store.integrity import file_checksum
from regcore.store.ledger import LEDGER, Ledger
from regcore.store.manifest import MANIFEST, Manifest


def read_ledger(folder: Path, manifest: Manifest | None) -> Ledger:
    """The ledger of a folder, empty where there is none; DatasetError if not the manifest's."""
    path = folder / LEDGER
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DatasetError(f"{path}: not a regular file")
        with path.open("rb") as file:
            ledger = Ledger.read(file, path)
    except FileNotFoundError:
        ledger = Ledger()
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}") from error
    if manifest is not None and not belongs(folder, ledger, manifest):
        raise DatasetError(f"{path}: not the ledger that {MANIFEST} was written for")
    return ledger


def belongs(folder: Path, ledger: Ledger, manifest: Manifest) -> bool:
    """Whether this ledger of the folder is the one that the manifest was written for."""
    path = folder / LEDGER
    return path.is_file() and manifest.is_of(len(ledger), file_checksum(path))
