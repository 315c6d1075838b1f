"""What a store behind a URL says of itself: its manifest, and its ledger."""

from __future__ import annotations

from io import BytesIO

from regcore.errors import DatasetError, RegcoreError
from regcore.files.checksum import checksum
from regcore.sources.braces import has_braces
from regcore.sources.kinds import is_archive
from regcore.store.ledger import LEDGER, Ledger
from regcore.store.manifest import MANIFEST, NO_STORE, Manifest
from regcore.store.remote.folder import DESCRIPTION, RemoteFolder


def is_remote_store(url: str) -> bool:
    """Whether the folder behind a URL has a store, be it in the making."""
    if has_braces(url) or "*" in url or is_archive(url):
        return False
    try:
        files = RemoteFolder(url)
        return any(files.size(name) is not None for name in (MANIFEST, DESCRIPTION))
    except RegcoreError:
        return False  # whoever lists images there will say what is wrong


def read_remote_manifest(files: RemoteFolder) -> Manifest | None:
    """The manifest, None where there is none; DatasetError where it is damaged."""
    text = files.read(MANIFEST)
    return None if text is None else Manifest.parse(text, files.called(MANIFEST))


def read_remote_ledger(files: RemoteFolder) -> tuple[Ledger, str]:
    """The ledger, and its checksum; an empty one where there is none."""
    text = files.read(LEDGER) or b""
    return Ledger.read(BytesIO(text), files.called(LEDGER)), f"{checksum(text):016x}"


def read_remote_store(files: RemoteFolder) -> tuple[Manifest, Ledger]:
    """Both of a whole store; DatasetError where there is none, or they are of two stores."""
    manifest = read_remote_manifest(files)
    if manifest is None:
        raise DatasetError(NO_STORE.format(files))
    ledger, found = read_remote_ledger(files)
    if not manifest.is_of(len(ledger), found):
        raise DatasetError(
            f"{files.called(LEDGER)}: not the ledger that {MANIFEST} was written for"
        )
    return manifest, ledger
