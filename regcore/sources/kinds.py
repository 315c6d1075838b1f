"""The kinds of archives, by the suffixes of their names; a reader is imported when it is used."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from regcore.errors import DatasetError
from regcore.sources.archive import Archive, ArchiveSource, MissingArchive, check_distinct
from regcore.sources.protocol import below

#: Suffix; module and class of its reader.
_READERS = {
    ".tar": ("tar", "TarArchive"),
    ".zip": ("zip", "ZipArchive"),
    ".parquet": ("parquet", "ParquetTable"),
    ".arrow": ("arrow", "ArrowTable"),
    ".feather": ("arrow", "ArrowTable"),
    ".mdb": ("lmdb", "LmdbDatabase"),
    ".lmdb": ("lmdb", "LmdbDatabase"),
}
_COMPRESSED = (".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")
#: The file of an LMDB in its folder.
LMDB_FILE = "data.mdb"


def is_archive(name: str) -> bool:
    """Whether the name is that of an archive, a table or a database, be it of a form not read."""
    lower = name.lower()
    return lower.endswith(tuple(_READERS)) or lower.endswith(_COMPRESSED)


def open_archives(root: str, names: list[str], *, present: bool = True) -> ArchiveSource:
    """The images of these archives below a folder, one archive after the other.

    present: raises DatasetError where one is missing or cannot be opened, or none has an image;
    else its images fail when they are read. Raises UsageError where one is named twice.
    """
    check_distinct(names)
    opened = _opened if present else _opened_or_missing
    source = ArchiveSource(root, [opened(root, name) for name in names])
    if present and not source.names:
        where = below(root, names[0]) + (f" and {len(names) - 1} more" if len(names) > 1 else "")
        why = f": {source.broken[0]}" if source.broken else ""
        left = f"; left out: {source.left_out()}" if source.left_out() else ""
        raise DatasetError(f"{where}: no images there{why}{left}")
    return source


def _opened_or_missing(root: str, name: str) -> Archive:
    try:
        return _opened(root, name)
    except DatasetError as error:
        return MissingArchive(root, name, str(error))


def _opened(root: str, name: str) -> Archive:
    lower = name.lower()
    path = below(root, name)
    if lower.endswith(_COMPRESSED):
        raise DatasetError(f"{path}: nothing can be read out of a compressed archive; unpack it")
    module, reader = next(r for suffix, r in _READERS.items() if lower.endswith(suffix))
    if not Path(path).exists():
        raise DatasetError(f"{path}: no such file")
    opener: Callable[[str, str], Archive] = getattr(
        import_module(f"regcore.sources.{module}"), reader
    )
    try:
        return opener(root, name)
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror or error}") from error
