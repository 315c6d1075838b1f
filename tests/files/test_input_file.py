"""Inputs that are no regular files, or have no end, are named and not read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from regcore.errors import DatasetError
from regcore.files.input_file import read_input, read_input_text


def test_kinds(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path, kind in ((fifo, "a FIFO"), (tmp_path, "a folder"), (Path("/dev/zero"), "a device")):
        with pytest.raises(DatasetError, match=f"is {kind}, not a regular file"):
            read_input(path)
    with pytest.raises(DatasetError, match="NUL"):
        read_input("a\0b")


def test_bound(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_input(path, 5) == b"12345"
    with pytest.raises(DatasetError, match="larger than 4 bytes"):
        read_input(path, 4)


def test_encodings(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a\nb", "utf-16")
    assert read_input_text(path) == "a\nb"
    path.write_bytes("eins\n图像分类".encode("gbk"))
    with pytest.raises(DatasetError, match="line 2: not UTF-8"):
        read_input_text(path)
