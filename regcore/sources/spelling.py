"""How people say where their images are, and the source that it means."""

from __future__ import annotations

import os
from collections.abc import Sequence
from glob import glob, has_magic
from pathlib import Path

from regcore.errors import DatasetError
from regcore.files.arguments import as_path
from regcore.files.names import natural_key, split_member
from regcore.images.listing import listed_names
from regcore.sources.archive import check_distinct
from regcore.sources.braces import expand_braces, has_braces
from regcore.sources.files import FileSource
from regcore.sources.kinds import LMDB_FILE, is_archive, open_archives
from regcore.sources.protocol import ImageSource, is_url

LIST_SUFFIXES = (".lst", ".list", ".txt")


def is_spelled(text: str) -> bool:
    """Whether this is more than the path of one file or folder."""
    return is_url(text) or (not os.path.lexists(text) and (has_braces(text) or has_magic(text)))


def is_folder(images: str | Path) -> bool:
    """Whether this is a folder whose files are the images."""
    path = Path(images)
    return not is_url(str(images)) and path.is_dir() and not (path / LMDB_FILE).is_file()


def open_source(images: str | Path | ImageSource) -> ImageSource:
    """The images of a folder, a file, a list, archives, tables, a database, or behind a URL.

    A folder is listed with its sub-folders. `.lst`, `.list` and `.txt` list paths of images or
    archives, one a line, from their own folder on. Of `.tar`, `.zip`, `.parquet`, `.arrow`,
    `.feather` and LMDB the images inside are meant; `shard-{000..063}.tar` and `'shard-*.tar'` are
    several, as one list.
    Raises DatasetError where there is no such thing, or no image, BackendError where a package is
    missing that reads it.
    """
    if isinstance(images, ImageSource):
        return images
    text = str(images)
    if is_url(text):
        from regcore.sources.remote import open_remote

        return open_remote(text)
    path = as_path("a place of images", images)
    if os.path.lexists(path):
        return _open_path(path)
    paths = [Path(name) for name in expand_braces(text)] if has_braces(text) else [path]
    found = [Path(match) for name in paths for match in _matches(name)]
    if len(found) == 1 and not is_spelled(text):
        return FileSource.listed(path)  # which says that it is not there
    return open_paths(found, text)


def source_of(root: str, names: Sequence[str]) -> ImageSource:
    """The source from which these names came; what is not there fails when it is read."""
    if is_url(root):
        from regcore.sources.remote import remote_source_of

        return remote_source_of(root, names)
    archives: dict[str, None] = {}
    for name in names:
        split = split_member(name)
        if split is None:
            return FileSource(root, names)
        archives[split[0]] = None
    if not archives:
        return FileSource(root, names)
    return open_archives(root, list(archives), present=False).chosen(names)


def _open_path(path: Path) -> ImageSource:
    if path.is_dir():
        if (path / LMDB_FILE).is_file():
            return open_archives(str(path.parent), [f"{path.name}/{LMDB_FILE}"])
        return _open_folder(path)
    if is_archive(path.name):
        return open_archives(str(path.parent), [path.name])
    if path.suffix.lower() in LIST_SUFFIXES:
        return _open_list(path)
    return FileSource.listed(path)


def _open_folder(path: Path) -> ImageSource:
    """The images of a folder; the error of one that has only archives says how to name these."""
    try:
        return FileSource.listed(path)
    except DatasetError as error:
        inside = sorted(entry for entry in path.iterdir() if is_archive(entry.name))
        if not inside:
            raise
        suffix = inside[0].suffix
        raise DatasetError(f"{error}; archives are named themselves: '{path}/*{suffix}'") from error


def _matches(path: Path) -> list[str]:
    if not has_magic(str(path)):
        return [str(path)]
    found = sorted(glob(str(path)), key=natural_key)  # noqa: PTH207  (absolute or not)
    if not found:
        raise DatasetError(f"{path}: no such files")
    return found


def _open_list(path: Path) -> ImageSource:
    """What a text file names: paths of images or of archives, below its folder or absolute."""
    listed = listed_names(path)
    if not listed:
        raise DatasetError(f"{path}: lists no images")
    first = listed[0]
    if not os.path.lexists(path.parent / first) and os.path.lexists(first):
        raise DatasetError(
            f"{path}: {first} is below the current folder, but the paths of a list begin at its "
            f"own folder, {path.parent.absolute()}; write the list anew, or absolute paths"
        )
    return open_paths([path.parent / name for name in listed], str(path))


def open_paths(paths: Sequence[Path], what: str) -> ImageSource:
    """The images that these files are, or the archives in them; what: names the list in errors.

    Raises DatasetError where one is listed twice, is a folder, or archives are among images.
    """
    root = _root_of(paths)
    paths = [path.absolute() for path in paths] if root.is_absolute() else paths
    names = [path.relative_to(root).as_posix() for path in paths]
    check_distinct(names, what)
    archives = [is_archive(name) for name in names]
    if all(archives):
        return open_archives(str(root), names)
    if any(archives):
        raise DatasetError(f"{what}: names archives and images; one source has one kind")
    for path in paths:
        if path.is_dir():
            raise DatasetError(f"{what}: {path} is a folder, where files are named")
    return FileSource(root, names)


def _root_of(paths: Sequence[Path]) -> Path:
    """The folder that all have in common."""
    if any(path.is_absolute() for path in paths):
        parents = {path.absolute().parent for path in paths}
    else:
        parents = {path.parent for path in paths}
    if len(parents) == 1:
        return next(iter(parents))
    if any(".." in parent.parts for parent in parents):
        raise DatasetError(f"{paths[0]}: '..' in a list may lead anywhere; write the path out")
    return Path(os.path.commonpath(parents))
