"""Labels inside archives: those that cannot be read, or contradict each other, are refused."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from command_line import regcore
from kept_photos import some_photos, write_lmdb

from regcore import DatasetError
from regcore.sources.spelling import open_source

PHOTOS = some_photos(4)


def tar(path: Path, members: list[tuple[str, bytes]]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def labels_of(path: Path) -> list[int] | None:
    with open_source(path) as source:
        labels = source.labels()
        return None if labels is None else [int(label) for label in labels]


def refused(path: Path) -> str:
    with pytest.raises(DatasetError) as error:
        labels_of(path)
    return str(error.value)


def test_names_with_dots_share_a_label_only_where_it_is_the_same(tmp_path: Path) -> None:
    """By WebDataset's rule x.1.jpg and x.2.jpg are one sample, whose label both would get."""
    photos = [("x.1.jpg", b"x"), ("x.2.jpg", b"y")]
    same = tar(tmp_path / "same.tar", [*photos, ("x.1.cls", b"3"), ("x.2.cls", b"3")])
    assert labels_of(same) == [3, 3]
    for suffix, first, second in (("cls", b"3", b"4"), ("json", b'{"label": 3}', b'{"cls": 4}')):
        members = [(f"x.1.{suffix}", first), (f"x.2.{suffix}", second)]
        path = tar(tmp_path / f"{suffix}.tar", [*photos, *members])
        assert refused(path) == (
            f"{path}: 2 members x*.{suffix} give different labels, so that nobody knows which is "
            "meant"
        )


def test_a_label_that_is_given_twice_in_a_tar_is_no_matter_of_order(tmp_path: Path) -> None:
    members = [("a.jpg", b"x"), ("a.cls", b"3"), ("a.cls", b"77")]
    assert "2 members a*.cls give different labels" in refused(tar(tmp_path / "s.tar", members))


def test_the_text_of_a_sample_beside_its_label_does_not_matter(tmp_path: Path) -> None:
    members = [("a.jpg", b"x"), ("a.meta.json", b'{"license": 1}'), ("a.json", b'{"label": 5}')]
    assert labels_of(tar(tmp_path / "json.tar", members)) == [5]
    assert labels_of(tar(tmp_path / "cls.tar", [*members, ("a.cls", b"6")])) == [6]
    assert labels_of(tar(tmp_path / "none.tar", members[:2])) is None


@pytest.mark.parametrize("damage", ["content", "header", "encrypted", "method"])
@pytest.mark.parametrize("form", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_label_of_a_zip_that_cannot_be_read_is_named(
    damage: str, form: int, tmp_path: Path
) -> None:
    path = tmp_path / "s.zip"
    with zipfile.ZipFile(path, "w", form) as archive:
        archive.writestr("a.jpg", b"x")
        archive.writestr("a.cls", b"5")
        label = archive.getinfo("a.cls")
        directory = archive.start_dir
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02", directory + 1)
    place = {
        "content": label.header_offset + 30 + len("a.cls"),
        "header": label.header_offset + 31,
        "encrypted": entry + 8,
        "method": entry + 10,
    }[damage]
    content[place] ^= 0x1 if damage == "encrypted" else 0x5A
    path.write_bytes(content)
    result = regcore("run", "simulated:1000", path, "--out", tmp_path / "out")
    assert result.exit_code == 3
    assert f"{path}: the label of a cannot be read: " in result.stderr


def test_a_damaged_page_of_keys_is_named(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "db", PHOTOS)
    file = tmp_path / "db" / "data.mdb"
    content = bytearray(file.read_bytes())
    page = 4096
    for at in range(2 * page, len(content), page):
        content[at + 10 : at + 12] = b"\xff\xff"
    file.write_bytes(content)
    with pytest.raises(DatasetError, match=r"data\.mdb: .*MDB_"):
        open_source(tmp_path / "db")
    file.write_bytes(b"hello" * 2000)
    with pytest.raises(DatasetError) as error:
        open_source(tmp_path / "db")
    assert str(error.value).count("data.mdb") == 1


def test_a_listed_member_that_is_not_there_is_told_where_labels_are_asked_for(
    tmp_path: Path,
) -> None:
    path = tar(tmp_path / "s.tar", [("a.jpg", b"x"), ("a.cls", b"3")])
    with open_source(path) as source:
        chosen = source.chosen(["s.tar::a.jpg", "s.tar::b.jpg"])
        with pytest.raises(DatasetError, match=r"s\.tar::b\.jpg: has no label: .* no such member"):
            chosen.labels()
