"""The index of tar archives against the standard library's, and what it says of damage."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from regcore._native.tar_index import index_tar

NAMES = [
    "a.jpg",
    "folder/b c.jpg",
    "\u00fc/" + "deep/" * 17 + "c.jpg",
    "d.cls",
    "n" * 90 + "/e.jpg",
]


def write(path: Path, form: int, names: list[str] = NAMES) -> None:
    with tarfile.open(path, "w", format=form) as archive:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for number, name in enumerate(names):
            member = tarfile.TarInfo(name)
            member.size = 300 * number
            member.mtime = 1.5  # which makes a pax header
            archive.addfile(member, io.BytesIO(bytes(300 * number)))


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_it_is_that_of_the_standard_library(form: int, tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    names = NAMES if form == tarfile.USTAR_FORMAT else [*NAMES, "long/" * 60 + "f.jpg"]
    write(path, form, names)
    with tarfile.open(path) as archive:
        members = [member for member in archive if member.isfile()]
    found, offsets, sizes, types, damage = index_tar(path)
    assert found == names == [member.name for member in members]
    assert offsets.tolist() == [member.offset_data for member in members]
    assert sizes.tolist() == [member.size for member in members]
    assert set(types) == {"0"}
    assert not damage


def test_a_cut_at_any_block_is_told_and_loses_no_member_before_it(tmp_path: Path) -> None:
    write(tmp_path / "x.tar", tarfile.GNU_FORMAT)
    content = (tmp_path / "x.tar").read_bytes()
    whole = index_tar(tmp_path / "x.tar")
    end = whole[1][-1] + whole[2][-1]
    for cut in [*range(0, end, 512), *range(100, end, 512)]:
        (tmp_path / "cut.tar").write_bytes(content[:cut])
        names, offsets, _, _, damage = index_tar(tmp_path / "cut.tar")
        assert damage
        assert names == whole[0][: len(names)]
        assert len(names) == sum(offset <= cut for offset in whole[1])
        assert all(offset <= cut for offset in offsets)


def test_no_damage_of_one_byte_goes_on_with_other_members(tmp_path: Path) -> None:
    write(tmp_path / "x.tar", tarfile.USTAR_FORMAT, ["a.jpg", "b.jpg", "c.jpg"])
    content = bytearray((tmp_path / "x.tar").read_bytes())
    second = 1024  # after the headers of the folder and of a member without bytes
    unused = second + 155  # after the end of the checksum
    for place in {*range(second, second + 512)} - {unused}:
        damaged = bytearray(content)
        damaged[place] ^= 0x41
        (tmp_path / "y.tar").write_bytes(damaged)
        names, *_, damage = index_tar(tmp_path / "y.tar")
        assert names == ["a.jpg"]
        assert damage == "no header of a member at byte 1024"


def test_archives_one_after_the_other_are_told(tmp_path: Path) -> None:
    write(tmp_path / "x.tar", tarfile.USTAR_FORMAT, ["a.jpg"])
    content = (tmp_path / "x.tar").read_bytes()
    (tmp_path / "y.tar").write_bytes(content[:2048] + content)
    assert index_tar(tmp_path / "y.tar")[-1].startswith("goes on after its end mark")


def test_large_sizes_and_links(tmp_path: Path) -> None:
    large = tarfile.TarInfo("large.jpg")
    large.size = 1 << 40
    link = tarfile.TarInfo("link.jpg")
    link.type, link.linkname = tarfile.LNKTYPE, "a.jpg"
    headers = [member.tobuf(tarfile.GNU_FORMAT) for member in (link, large)]
    (tmp_path / "x.tar").write_bytes(b"".join(headers))
    names, _, sizes, types, damage = index_tar(tmp_path / "x.tar")
    assert (names, sizes.tolist(), types) == (["link.jpg", "large.jpg"], [0, 1 << 40], "10")
    assert damage == "cut short in its last member, at byte 512"


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path / "none.tar", tmp_path):
        with pytest.raises(RuntimeError):
            index_tar(path)
