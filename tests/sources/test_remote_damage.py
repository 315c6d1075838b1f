"""Damaged archives behind a URL: what is lost is said, as of one on the disk."""

from __future__ import annotations

import io
import tarfile
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from kept_photos import some_photos, write_tar

from regcore import Preprocessor, Recipe
from regcore.sources.spelling import open_source

fsspec = pytest.importorskip("fsspec")
PHOTOS = some_photos(6)


@pytest.fixture
def memory() -> Iterator[str]:
    """A folder of its own in fsspec's memory."""
    folder = f"memory://{uuid.uuid4().hex}"
    yield folder
    fsspec.filesystem("memory").rm(folder, recursive=True)


def outcome(images: str | Path) -> tuple[list[str], list[str], list[str]]:
    """The names of a source's images, what it says of itself, and what its images say."""
    with open_source(images) as source:
        names = [name.rpartition("::")[2] for name in source.names]
        broken = [error.detail for error in source.broken]
        bad = []
        recipe = Recipe(resize=40, crop=32)
        with Preprocessor(recipe).stream(source.read(), 4, on_error="report") as stream:
            bad = [error.detail for batch in stream for error in batch.errors]
    return names, broken, bad


def header_of(path: Path, place: int) -> int:
    with tarfile.open(path) as archive:
        return archive.getmembers()[place].offset


@pytest.mark.parametrize("what", ["header", "mark", "between", "in header", "zeros", "whole"])
def test_a_tar_that_is_damaged_says_the_same_as_on_the_disk(
    what: str, memory: str, tmp_path: Path
) -> None:
    path = tmp_path / "s.tar"
    write_tar(path, PHOTOS)
    content, at = path.read_bytes(), header_of(path, 6)
    damaged = {
        "header": content[:at] + b"x" * 512 + content[at + 512 :],
        "mark": content[:at] + bytes(512) + content[at + 512 :],
        "between": content[:at] + bytes(1024) + content[at:],
        "in header": content[: at + 100],
        "zeros": content[:at],
        "whole": content,
    }[what]
    path.write_bytes(damaged)
    fsspec.filesystem("memory").pipe(f"{memory}/s.tar", damaged)
    local, remote = outcome(path), outcome(f"{memory}/s.tar")
    assert bool(local[1]) == (what != "whole")
    assert remote[0] == local[0]
    assert (remote[2], len(remote[1])) == (local[2], len(local[1]))
    for found, wanted in zip(remote[1], local[1], strict=True):
        assert found.partition(" at byte")[0] == wanted.partition(" at byte")[0]


def test_a_link_in_a_tar_fails_by_name(memory: str, tmp_path: Path) -> None:
    write_tar(tmp_path / "s.tar", PHOTOS[:2])
    with tarfile.open(tmp_path / "s.tar", "a") as archive:
        link = tarfile.TarInfo("link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, PHOTOS[0][0]
        archive.addfile(link)
    fsspec.filesystem("memory").pipe(f"{memory}/s.tar", (tmp_path / "s.tar").read_bytes())
    wanted = outcome(tmp_path / "s.tar")
    assert wanted[2] == ["is a link or a device in its archive, which is not read"]
    assert outcome(f"{memory}/s.tar") == wanted


@pytest.mark.parametrize("form", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_crc_of_a_zip_is_looked_at(form: int, memory: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", form) as archive:
        for name, photo, _ in PHOTOS:
            archive.writestr(name, photo)
        last = archive.getinfo(PHOTOS[5][0])
    content = bytearray(buffer.getvalue())
    content[last.header_offset + 30 + len(last.filename) + last.compress_size // 2] ^= 1
    fsspec.filesystem("memory").pipe(f"{memory}/s.zip", bytes(content))
    names, broken, bad = outcome(f"{memory}/s.zip")
    assert (names, broken, len(bad)) == ([name for name, *_ in PHOTOS], [], 1)
