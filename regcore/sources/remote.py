"""Images behind a URL that fsspec opens, fetched by threads before their turn comes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from regcore.errors import DatasetError, UsageError, first_line
from regcore.files.names import natural_key, split_member
from regcore.images.image_names import is_companion_name, is_image_name
from regcore.images.listing import LeftOut
from regcore.images.sources import Image
from regcore.sources.archive import Archive, ArchiveSource, MissingArchive, check_distinct
from regcore.sources.braces import expand_braces, has_braces
from regcore.sources.file_system import open_file_system
from regcore.sources.kinds import is_archive
from regcore.sources.prefetch import Content, Prefetched
from regcore.sources.protocol import NO_VERSION, ImageSource, below

_IN_FLIGHT = 16
_AHEAD = 64  # images


def open_remote(url: str) -> ImageSource:
    """The images below a URL: of a folder, of one file, or of archives; several by braces or `*`.

    Raises DatasetError where there are none, BackendError where a package is missing.
    """
    if has_braces(url):
        return _remote_archives(expand_braces(url), url)
    files = RemoteFiles(url)
    if "*" in url:
        found = sorted(files.call(files.system.glob, files.path), key=natural_key)
        root = url.rpartition("/")[0]
        if "*" in root:
            raise UsageError(f"{url}: only the last part of a URL may have a *")
        return _remote_archives([f"{root}/{str(path).rpartition('/')[2]}" for path in found], url)
    if is_archive(url):
        return _remote_archives([url], url)
    if files.call(files.system.isfile, files.path):
        root, _, name = url.rpartition("/")
        return RemoteSource(root, [name])
    return RemoteSource.listed(url)


def remote_source_of(root: str, names: Sequence[str]) -> ImageSource:
    """See regcore.sources.spelling.source_of."""
    splits = [split_member(name) for name in names]
    if not names or splits[0] is None:
        return RemoteSource(root, names)
    archives = dict.fromkeys(split[0] for split in splits if split is not None)
    return ArchiveSource(root, [_opened_or_missing(root, name) for name in archives]).chosen(names)


class RemoteFiles:
    """A file system of fsspec, and a path in it."""

    def __init__(self, url: str) -> None:
        """Raises BackendError where fsspec, or what it needs for this URL, is not installed."""
        self.url = url
        self.system, self.path = open_file_system(url)

    def call(self, function: Any, *arguments: Any) -> Any:  # noqa: ANN401
        """Raises DatasetError where the file system refuses."""
        try:
            return function(*arguments)
        except FileNotFoundError:
            raise DatasetError(f"{self.url}: no such file or folder") from None
        except Exception as error:  # each file system has errors of its own
            raise DatasetError(f"{self.url}: {first_line(error)}") from error

    def state(self, path: str) -> tuple[int, int]:
        """Size and a number of what the file system knows; NO_VERSION of what is not there."""
        try:
            facts = self.system.info(path)
            key = str(self.system.ukey(path))
        except Exception:  # noqa: BLE001  # each file system has errors of its own
            return NO_VERSION
        digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
        return int(facts.get("size") or 0), int.from_bytes(digest, "little") >> 1


class RemoteSource(ImageSource):
    """Image files below a URL."""

    def __init__(self, root: str, names: Sequence[str], unknown: LeftOut | None = None) -> None:
        self.root = root
        self.names = names
        self._files = RemoteFiles(root)
        self._unknown = unknown or LeftOut()

    @classmethod
    def listed(cls, url: str) -> RemoteSource:
        """All images below a folder, in natural order; raises DatasetError where there is none."""
        files = RemoteFiles(url)
        prefix = files.path.rstrip("/") + "/"
        found = [str(path) for path in files.call(files.system.find, files.path)]
        names, unknown = [], LeftOut()
        for path in found:
            name = path.removeprefix(prefix)
            if is_image_name(name):
                names.append(name)
            elif not is_companion_name(name):
                unknown.add(name)
        if not names:
            raise DatasetError(f"{url}: no images there")
        return cls(url, sorted(names, key=natural_key), unknown)

    def read(self, places: Iterable[int] | None = None) -> list[Image]:
        """See ImageSource: on demand."""
        source = Prefetched(_AHEAD, threads=_IN_FLIGHT)
        items: list[Image] = []
        for place in range(len(self)) if places is None else places:
            load = partial(_whole, self._files.system, self._path(place))
            items += source.add([self.path(place)], load)
        return items

    def _path(self, place: int) -> str:
        return f"{self._files.path.rstrip('/')}/{self.names[place]}"

    def version(self, place: int) -> tuple[int, int]:
        """See ImageSource."""
        return self._files.state(self._path(place))

    def is_gone(self, place: int) -> bool:
        """See ImageSource."""
        return not self._files.call(self._files.system.exists, self._path(place))

    def chosen(self, names: Sequence[str]) -> RemoteSource:
        """See ImageSource."""
        return RemoteSource(self.root, names, self._unknown)

    def files(self) -> Iterator[Path]:
        """See ImageSource: none is local."""
        return iter(())

    def left_out(self) -> str:
        """See ImageSource."""
        unknown = self._unknown
        return f"{unknown.count} of a kind that is not read ({unknown})" if unknown.count else ""


def _whole(system: Any, path: str) -> Sequence[Content]:  # noqa: ANN401
    return [system.cat_file(path)]


def _remote_archives(urls: Sequence[str], spelled: str) -> ArchiveSource:
    if not urls:
        raise DatasetError(f"{spelled}: no such files")
    root = urls[0].rpartition("/")[0]
    names = [url.removeprefix(f"{root}/") for url in urls]
    for name in names:
        if "/" in name or not is_archive(name):
            raise DatasetError(
                f"{spelled}: archives of one folder are needed, not {name}; images by themselves "
                f"are listed by the URL of their folder, such as {root}"
            )
    check_distinct(names)
    source = ArchiveSource(root, [_opened(root, name) for name in names])
    if not source.names:
        raise DatasetError(f"{spelled}: no images there")
    return source


def _opened(root: str, name: str) -> Archive:
    from regcore.sources.remote_archives import open_remote_archive

    return open_remote_archive(root, name, RemoteFiles(below(root, name)))


def _opened_or_missing(root: str, name: str) -> Archive:
    try:
        return _opened(root, name)
    except DatasetError as error:
        return MissingArchive(root, name, str(error))
