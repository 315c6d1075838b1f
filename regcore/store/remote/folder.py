"""A folder behind a URL, in which a file is whole or not there."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path
from time import sleep
from typing import Any

from regcore.errors import DatasetError, OutputError, RegcoreError, first_line
from regcore.sources.file_system import open_file_system
from regcore.sources.protocol import below, is_url

#: Below the folder of a store: what its writers need until it is whole.
WORK = ".regcore"
#: Of the store in the making.
DESCRIPTION = f"{WORK}/store.json"

#: Where a file that is put appears at once and whole. Elsewhere it is put under a temporary name
#: and renamed, which these stores do by copying.
_PUT_WHOLE = frozenset({"abfs", "abfss", "adl", "az", "gcs", "gs", "oci", "oss", "s3", "s3a"})
_IN_FLIGHT = 16
#: Names that wait for a thread, of which each takes a kilobyte.
_WAITING = 4096
_TRIES = 3
_PAUSE = 0.5  # s, which doubles
#: Errors that another try does not mend.
_ABSENT = (FileNotFoundError, NotADirectoryError)
_FINAL = (*_ABSENT, PermissionError, NotImplementedError, TypeError, ValueError)

#: What says where a store lies that is on no disk of this machine.
RemotePlace = tuple[Any, str]


class RemoteFolder:
    """Files below a folder of a file system of fsspec, by their names below it.

    url: of the folder. Raises BackendError where fsspec, or what it needs for a URL, is not
    installed.
    """

    def __init__(self, place: str | RemotePlace) -> None:
        """place: a URL, or a file system of fsspec and a path in it."""
        if isinstance(place, str):
            self.url = _without_end(place)
            self._system, path = open_file_system(place)
        else:
            self._system, path = place
            path = self._system._strip_protocol(path)  # noqa: SLF001  (public in its documentation)
            self.url = _without_end(str(self._system.unstrip_protocol(path)))
        stem = str(path).rstrip("/")
        self._root = stem or str(path)
        #: What the paths of all files begin with: nothing, where the file system begins here.
        self._stem = f"{stem}/" if self._root else ""
        names = self._system.protocol
        protocols = {names} if isinstance(names, str) else set(names)
        self._puts_whole = bool(protocols & _PUT_WHOLE)
        self._made: set[str] = set()

    def __str__(self) -> str:
        return self.url

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RemoteFolder):
            return NotImplemented
        return self.url == other.url and bool(self._system == other._system)

    def __hash__(self) -> int:
        return hash(self.url)

    def called(self, name: str) -> str:
        """What errors call a file."""
        return below(self.url, name)

    def sizes(self, below: str = "") -> dict[str, int]:
        """All files below the folder, or below a folder there, as they are now, with their sizes.

        The names are those below this folder, the sizes in bytes.
        """
        self._system.invalidate_cache()
        folder = self._at(below) if below else self._root
        found = self._call(below, RegcoreError, self._system.find, folder, detail=True)
        stem = self._stem.lstrip("/")  # which some file systems leave out, or put before
        return {
            path.lstrip("/").removeprefix(stem): int(facts.get("size") or 0)
            for path, facts in (found or {}).items()
            if path.lstrip("/").startswith(stem) and not path.endswith("/")
        }

    def size(self, name: str) -> int | None:
        """The bytes of a file as it is now; None where it is not there."""
        self._system.invalidate_cache()
        facts = self._call(name, RegcoreError, self._system.info, self._at(name))
        return None if facts is None or facts["type"] == "directory" else int(facts["size"] or 0)

    def read(self, name: str) -> bytes | None:
        """A whole file; None where it is not there."""
        content: bytes | None = self._call(
            name, RegcoreError, self._system.cat_file, self._at(name)
        )
        return content

    def read_all(self, names: Sequence[str]) -> list[bytes | None]:
        """Several whole files."""
        with ThreadPoolExecutor(_IN_FLIGHT) as pool:
            return list(pool.map(self.read, names))

    def read_ranges(
        self, names: Sequence[str], starts: Sequence[int], ends: Sequence[int]
    ) -> list[bytes]:
        """Parts of files, fewer bytes where one ends early; DatasetError where one is not there."""
        paths = [self._at(name) for name in names]
        parts: list[Any] = self._call(
            names[0],
            RegcoreError,
            self._ranges,
            paths,
            list(starts),
            list(ends),
            absent=False,
        )
        for name, part in zip(names, parts, strict=True):
            if isinstance(part, Exception):
                self._raise(name, RegcoreError, part)
        return parts

    def _ranges(self, paths: list[str], starts: list[int], ends: list[int]) -> list[Any]:
        try:
            parts: list[Any] = self._system.cat_ranges(paths, starts, ends, on_error="return")
        except _ABSENT as error:  # some raise it, and do not say which
            gone = [not self._system.exists(path) for path in paths]
            if not any(gone):
                raise
            return [error if missing else b"" for missing in gone]
        broken = next((part for part in parts if isinstance(part, Exception)), None)
        if broken is not None and not isinstance(broken, _FINAL):
            raise broken  # which is worth another try
        return parts

    def put(self, files: Mapping[str, Path]) -> None:
        """Copies local files here, each whole or not at all, in place of what has its name."""
        with ThreadPoolExecutor(_IN_FLIGHT) as pool:
            for _ in pool.map(self._put, files, files.values()):
                pass

    def put_bytes(self, name: str, content: bytes) -> None:
        """The same with content."""
        self._place(name, lambda path: self._system.pipe_file(path, content))

    def create(self, name: str, content: bytes) -> None:
        """Puts content where there is no such file; an object store that can makes sure of that."""
        if self._puts_whole:
            with suppress(Exception):  # there is one, or the store knows no such condition
                self._system.pipe_file(self._at(name), content, mode="create")
        if self.read(name) is None:
            self.put_bytes(name, content)

    def remove(self, names: Iterable[str]) -> None:
        """Deletes files; one that is not there does not matter."""

        def gone(name: str) -> None:
            self._call(name, OutputError, self._system.rm_file, self._at(name))

        left = iter(names)
        with ThreadPoolExecutor(_IN_FLIGHT) as pool:
            while some := list(islice(left, _WAITING)):
                for _ in pool.map(gone, some):
                    pass

    def remove_empty_work(self) -> None:
        """Removes the folder of the writers, where the file system has folders."""
        if not self._puts_whole:
            with suppress(Exception):  # somebody else has something in it
                self._system.rmdir(self._at(WORK))

    def _put(self, name: str, path: Path) -> None:
        self._place(name, lambda target: self._system.put_file(str(path), target))

    def _place(self, name: str, put: Callable[[str], object]) -> None:
        def place() -> None:
            if self._puts_whole:
                put(self._at(name))
                return
            try:
                self._place_by_renaming(name, put)
            except FileNotFoundError:  # another process has removed the folder of the writers
                self._made.clear()
                self._place_by_renaming(name, put)

        self._call(name, OutputError, place, absent=False)

    def _place_by_renaming(self, name: str, put: Callable[[str], object]) -> None:
        temporary = self._at(f"{WORK}/{secrets.token_hex(8)}.tmp")
        for path in (temporary, self._at(name)):
            self._make_folder(path)
        try:
            put(temporary)
            self._move(temporary, self._at(name))
        except BaseException:
            with suppress(Exception):
                self._system.rm_file(temporary)
            raise

    def _move(self, temporary: str, target: str) -> None:
        try:
            self._system.mv(temporary, target)
        except OSError:
            if not self._system.exists(target):
                raise
            self._system.rm_file(target)  # some rename only to what is not there
            self._system.mv(temporary, target)

    def _make_folder(self, path: str) -> None:
        folder = path.rpartition("/")[0]
        if folder not in self._made:
            self._system.makedirs(folder, exist_ok=True)
            self._made.add(folder)

    def _at(self, name: str) -> str:
        return f"{self._stem}{name}"

    def _call(
        self,
        name: str,
        kind: type[RegcoreError],
        function: Callable[..., Any],
        *arguments: Any,  # noqa: ANN401
        absent: bool = True,
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Calls the file system up to three times; None for a file that is not there, if `absent`.

        Raises `kind` with the URL where it refuses: each file system has errors of its own.
        """
        for turn in range(_TRIES):
            try:
                return function(*arguments, **options)
            except Exception as error:  # noqa: BLE001
                if absent and isinstance(error, _ABSENT):
                    return None
                if turn == _TRIES - 1 or isinstance(error, _FINAL):
                    self._raise(name, kind, error)
            sleep(_PAUSE * 2**turn)
        return None

    def _raise(self, name: str, kind: type[RegcoreError], error: Exception) -> None:
        what = self.called(name) if name else self.url
        if kind is RegcoreError and isinstance(error, _ABSENT):
            raise DatasetError(f"{what}: missing; 'regcore preprocess' mends it") from error
        doing = "cannot write" if kind is OutputError else "cannot read"
        raise kind(f"{what}: {doing}: {first_line(error)}") from error


def _without_end(url: str) -> str:
    stem = url.rstrip("/")
    return f"{stem}//" if stem.endswith(":") else stem


def remote_folder(place: object) -> RemoteFolder | None:
    """The folder behind a URL, or of a file system and a path in it; None for one of a disk."""
    if isinstance(place, RemoteFolder):
        return place
    if isinstance(place, tuple) or (isinstance(place, str) and is_url(place)):
        return RemoteFolder(place)
    return None
