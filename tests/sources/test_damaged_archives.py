"""Damaged archives: what is lost is named, nothing else is lost, and nothing counts twice."""

from __future__ import annotations

import io
import os
import sys
import tarfile
from pathlib import Path

import pytest
from command_line import regcore
from kept_photos import keep, some_photos, write_lmdb, write_parquet, write_tar, write_zip

from regcore import DatasetError, Preprocessor, Recipe, UsageError
from regcore.sources.spelling import open_source

RECIPE = "resize=40,crop=32,filter=bilinear,mean=0.5,0.5,0.5,std=0.5,0.5,0.5"
PHOTOS = some_photos(12)


def bad_and_good(source_text: str | Path) -> tuple[list[str], int]:
    """The errors of the images of a source, and how many are good."""
    errors: list[str] = []
    good = 0
    recipe = Recipe(resize=40, crop=32)
    with (
        open_source(source_text) as source,
        Preprocessor(recipe, workers=2).stream(source.read(), 4, on_error="report") as stream,
    ):
        for batch in stream:
            good += len(batch.indices)
            errors += map(str, batch.errors)
    return errors, good


def cut(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)


def test_a_tar_that_is_cut_short_is_incomplete(tmp_path: Path) -> None:
    path = tmp_path / "s.tar"
    write_tar(path, PHOTOS)
    with tarfile.open(path) as archive:
        member = archive.getmember(PHOTOS[7][0])
    cut(path, member.offset_data + 100)
    result = regcore("preprocess", path, tmp_path / "out", "--recipe", RECIPE)
    assert result.exit_code == 3
    first, second = result.stderr.splitlines()
    assert first.startswith(
        f"regcore: {path}: damaged, it may have had more: cut short in its last member"
    )
    assert second.startswith(f"regcore: {path}::{PHOTOS[7][0]}: cut short: its file has")
    assert len(list((tmp_path / "out").glob("*.bin"))) == 7


def test_a_tar_that_is_cut_short_while_it_is_read_kills_nobody(tmp_path: Path) -> None:
    path = tmp_path / "s.tar"
    write_tar(path, PHOTOS)
    with open_source(path) as source:
        items = source.read()
        cut(path, 20000)
        with Preprocessor(Recipe(resize=40, crop=32)).stream(items, 4, on_error="report") as stream:
            outcome = [(len(batch.indices), len(batch.errors)) for batch in stream]
    good, bad = (sum(counts) for counts in zip(*outcome, strict=True))
    assert good + bad == len(PHOTOS)
    assert good < 8 < bad + 8


@pytest.mark.parametrize("write", [write_tar, write_zip])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(write: object, tmp_path: Path) -> None:
    path = tmp_path / ("s.tar" if write is write_tar else "s.zip")
    write(path, [*PHOTOS, PHOTOS[4]])  # type: ignore[operator]
    result = regcore("preprocess", path, tmp_path / "out", "--recipe", RECIPE)
    assert result.exit_code == 3
    assert f"{path}: 2 members have the name {PHOTOS[4][0]}" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_link_in_a_tar_fails_by_name(tmp_path: Path) -> None:
    write_tar(tmp_path / "s.tar", PHOTOS[:2])
    with tarfile.open(tmp_path / "s.tar", "a") as archive:
        link = tarfile.TarInfo("link.jpg")
        link.type, link.linkname = tarfile.LNKTYPE, PHOTOS[0][0]
        archive.addfile(link)
    errors, good = bad_and_good(tmp_path / "s.tar")
    assert good == 2
    assert errors == [
        f"{tmp_path}/s.tar::link.jpg: is a link or a device in its archive, which is not read"
    ]


def test_a_name_that_leads_out_is_no_image(tmp_path: Path) -> None:
    write_tar(tmp_path / "s.tar", [PHOTOS[0], ("../x.jpg", b"", 0), ("./a//b.jpg", b"", 0)])
    with open_source(tmp_path / "s.tar") as source:
        assert list(source.names) == [f"s.tar::{PHOTOS[0][0]}", "s.tar::a/b.jpg"]
        assert [str(e) for e in source.broken] == [
            f"{tmp_path}/s.tar::../x.jpg: leads out of the archive"
        ]


@pytest.mark.parametrize("large", [False, True])
def test_a_damaged_page_fails_the_images_of_its_row_group(
    large: bool,  # noqa: FBT001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "s.parquet"
    write_parquet(path, PHOTOS, write_page_checksum=True)
    import pyarrow.parquet as pq

    from regcore.sources import parquet

    if large:
        monkeypatch.setattr(parquet, "_LARGE_GROUP", 1)
    group = pq.read_metadata(path).row_group(1)
    content = bytearray(path.read_bytes())
    place = group.column(0).dictionary_page_offset + 1500
    content[place : place + 20] = bytes(20)
    path.write_bytes(content)
    errors, good = bad_and_good(path)
    assert good == 8
    assert [error.partition(": ")[0] for error in errors] == [
        f"{path}::{name}" for name, *_ in PHOTOS[4:8]
    ]
    assert all(": row group 1 of its table cannot be read: " in error for error in errors)
    assert all("CRC" in error or "crc" in error for error in errors)


def test_tables_that_are_cut_short_are_named(tmp_path: Path) -> None:
    write_parquet(tmp_path / "s.parquet", PHOTOS)
    cut(tmp_path / "s.parquet", (tmp_path / "s.parquet").stat().st_size - 3)
    with pytest.raises(DatasetError, match=r"s\.parquet: .*Parquet magic bytes not found"):
        open_source(tmp_path / "s.parquet")
    stream = Path(keep(tmp_path / "kept", "stream", PHOTOS)).parent / "s-00.arrow"
    cut(stream, stream.stat().st_size - 4000)
    errors, good = bad_and_good(stream)
    assert (errors, good) == ([], 4)
    with open_source(stream) as source:
        assert f"{stream}: damaged, it may have had more after 4 rows" in str(source.broken[0])


def test_rows_without_bytes_fail_by_name(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    rows = [{"bytes": PHOTOS[0][1], "path": "a.jpg"}, {"bytes": None, "path": "b.jpg"}, None]
    pq.write_table(pa.table({"image": rows, "label": [1, 2, None]}), tmp_path / "s.parquet")
    errors, good = bad_and_good(tmp_path / "s.parquet")
    assert good == 1
    assert errors == [
        f"{tmp_path}/s.parquet::{row:08}: has no bytes in its table" for row in (1, 2)
    ]
    with (
        open_source(tmp_path / "s.parquet") as source,
        pytest.raises(DatasetError, match="1 of 3 labels is missing"),
    ):
        source.labels()


def test_a_database_that_is_cut_short_kills_nobody(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "db", PHOTOS)
    file = tmp_path / "db" / "data.mdb"
    with open_source(tmp_path / "db") as source:
        items = source.read()
        size = file.stat().st_size
        cut(file, size // 2)
        with Preprocessor(Recipe(resize=40, crop=32)).stream(items, 4, on_error="report") as stream:
            errors = [str(error) for batch in stream for error in batch.errors]
    assert len(errors) == len(PHOTOS)
    assert all("cut short: it has" in error for error in errors)
    write_lmdb(tmp_path / "other", PHOTOS)
    cut(tmp_path / "other" / "data.mdb", size // 2)
    with pytest.raises(DatasetError, match=f"cut short: it has {size // 2} bytes"):
        open_source(tmp_path / "other")


def test_what_is_not_there_is_said_before_any_work(tmp_path: Path) -> None:
    write_tar(tmp_path / "s-0.tar", PHOTOS[:2])
    result = regcore("preprocess", tmp_path / "s-{0..1}.tar", tmp_path / "out")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        3,
        f"regcore: {tmp_path}/s-1.tar: no such file",
    )
    with pytest.raises(DatasetError, match="no such files"):
        open_source(tmp_path / "t-*.tar")
    with pytest.raises(UsageError, match=r"s-0\.tar is named 2 times"):
        open_source(f"{tmp_path}/s-{{0,0}}.tar")
    (tmp_path / "s.tar.gz").touch()
    with pytest.raises(DatasetError, match="nothing can be read out of a compressed archive"):
        open_source(tmp_path / "s.tar.gz")
    (tmp_path / "no.tar").write_bytes(b"hello" * 500)
    with pytest.raises(DatasetError, match="no tar archive, or a damaged one"):
        open_source(tmp_path / "no.tar")
    (tmp_path / "no.zip").write_bytes(b"hello" * 500)
    with pytest.raises(DatasetError, match="File is not a zip file"):
        open_source(tmp_path / "no.zip")


def test_labels_of_some_images_only_are_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "s.tar", "w") as archive:
        for name, content in (("a.jpg", b"x"), ("a.cls", b"3"), ("b.jpg", b"x")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    with (
        open_source(tmp_path / "s.tar") as source,
        pytest.raises(DatasetError, match=r"1 of 2 images has no label there.* b\.jpg"),
    ):
        source.labels()


@pytest.mark.parametrize(
    ("kind", "package", "extra"),
    [("parquet", "pyarrow", "arrow"), ("lmdb", "lmdb", "lmdb"), ("arrow", "pyarrow", "arrow")],
)
def test_a_package_that_is_missing_is_named(
    kind: str, package: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spelled = keep(tmp_path / "kept", kind, PHOTOS[:4])
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    result = regcore("preprocess", spelled, tmp_path / "out")
    assert result.exit_code == 4
    assert f"pip install 'regcore[{extra}]'" in result.stderr


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_an_archive_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    write_tar(tmp_path / "s.tar", PHOTOS[:2])
    (tmp_path / "s.tar").chmod(0)
    with pytest.raises(DatasetError, match="cannot open"):
        open_source(tmp_path / "s.tar")
