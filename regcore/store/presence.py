"""Whether there is a store somewhere."""

from __future__ import annotations

from pathlib import Path

from regcore.sources.protocol import is_url
from regcore.sources.spelling import is_spelled
from regcore.store.journal import JOURNAL
from regcore.store.manifest import MANIFEST
from regcore.store.remote.reading import is_remote_store


def holds_store(folder: Path) -> bool:
    """Whether the folder has a store, be it in the making."""
    return any((folder / name).exists() for name in (MANIFEST, JOURNAL))


def is_store(images: str | Path) -> bool:
    """Whether this path or URL is that of a store, be it in the making."""
    if not is_spelled(str(images)):
        return holds_store(Path(images))
    return is_url(str(images)) and is_remote_store(str(images))
