"""An object store for tests: a file system of fsspec over a local folder that all processes see.

An object is put whole or not at all; there are no folders, no appending and no renaming. Faults are
asked for: puts that fail or kill their process half way, objects that vanish, lists that lack some.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest

fsspec = pytest.importorskip("fsspec")


class Buckets(fsspec.AbstractFileSystem):
    """Objects in files below `root`, whose names are the objects'.

    resets: so many tries of a process to put an object fail, the first ones. dies_at, vanishes: the
    first put of an object with this in its name kills its process, or is lost afterwards. hides:
    objects with this in their name are in no list. refuses: nothing can be put.
    """

    protocol = "s3"
    cachable = False

    def __init__(
        self,
        root: str,
        *,
        resets: int = 0,
        dies_at: str = "",
        vanishes: str = "",
        hides: str = "",
        refuses: bool = False,
    ) -> None:
        super().__init__(
            root,
            resets=resets,
            dies_at=dies_at,
            vanishes=vanishes,
            hides=hides,
            refuses=refuses,
        )
        self.objects = Path(root, "objects")
        self.uploads = Path(root, "uploads")
        self.marks = Path(root, "marks")
        for folder in (self.objects, self.uploads, self.marks):
            folder.mkdir(parents=True, exist_ok=True)
        self._resets = resets
        self._dies_at = dies_at
        self._vanishes = vanishes
        self._hides = hides
        self._refuses = refuses
        self._tries: Counter[str] = Counter()

    def place(self, path: str) -> Path:
        """The file of an object."""
        return self.objects / quote(self._strip_protocol(path), safe="")

    def content(self, folder: str) -> dict[str, bytes]:
        """Every object below a folder."""
        found = {unquote(file.name): file.read_bytes() for file in self.objects.iterdir()}
        return {
            name.removeprefix(f"{folder}/"): content
            for name, content in found.items()
            if name.startswith(f"{folder}/")
        }

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        size = self.place(path).stat().st_size
        return {"name": self._strip_protocol(path), "size": size, "type": "file"}

    def find(self, path: str, *_: Any, **__: Any) -> dict[str, dict[str, Any]]:
        names = [unquote(file.name) for file in self.objects.iterdir()]
        below = [name for name in names if name.startswith(f"{self._strip_protocol(path)}/")]
        return {
            name: self.info(name) for name in below if not self._hides or self._hides not in name
        }

    def ls(self, path: str, **_: Any) -> list[Any]:
        return list(self.find(path).values())

    def cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **_: Any
    ) -> bytes:
        return self.place(path).read_bytes()[start:end]

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **_: Any) -> None:
        self._upload(path, value, exclusive=mode == "create")

    def put_file(self, lpath: str, rpath: str, **_: Any) -> None:
        self._upload(rpath, Path(lpath).read_bytes())

    def rm_file(self, path: str) -> None:
        self.place(path).unlink()

    def mv(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError("objects have no other names")

    def makedirs(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError("there are no folders")

    def _upload(self, path: str, value: bytes, *, exclusive: bool = False) -> None:
        if self._refuses:
            raise PermissionError("Access Denied")
        self._tries[path] += 1
        handle, name = tempfile.mkstemp(dir=self.uploads)
        os.write(handle, value[: len(value) // 2])
        if self._once(self._dies_at, path):
            os.kill(os.getpid(), signal.SIGKILL)
        if self._tries[path] <= self._resets:
            os.close(handle)
            raise OSError("the connection was reset")
        os.write(handle, value[len(value) // 2 :])
        os.close(handle)
        if exclusive:
            os.link(name, self.place(path))
        else:
            Path(name).replace(self.place(path))
        if self._once(self._vanishes, path):
            self.rm_file(path)

    def _once(self, what: str, path: str) -> bool:
        """Whether this is the first put of all processes with this in its name."""
        if not what or what not in path:
            return False
        try:
            (self.marks / what.replace("/", "-")).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True
