"""Parquet whose images are compressed or in a dictionary: what pyarrow reads, and damage."""

# ruff: noqa: SLF001, FBT001, PT017

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regcore.errors import DecodeError
from regcore.sources import parquet
from regcore.sources.compressed_pages import CompressedPages
from regcore.sources.parquet import ParquetTable

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def opened(path: Path) -> ParquetTable:
    return ParquetTable(str(path.parent), path.name)


def write(path: Path, values: list[bytes], *, is_struct: bool = True, **options: Any) -> Path:
    column = [{"bytes": value, "path": f"{row}.jpg"} for row, value in enumerate(values)]
    pq.write_table(pa.table({"image": column if is_struct else values}), path, **options)
    return path


def pages_of(table: ParquetTable, group: int = 0) -> CompressedPages:
    pages = table._pages(group)
    assert isinstance(pages, CompressedPages)
    return pages


def photos(count: int, size: int = 3000) -> list[bytes]:
    random = np.random.default_rng(2)
    return [random.bytes(int(random.integers(size))) for _ in range(count)]


TABLES = st.fixed_dictionaries(
    {
        "compression": st.sampled_from(["none", "snappy", "zstd", "gzip", "lz4", "brotli"]),
        "use_dictionary": st.booleans(),
        "data_page_size": st.sampled_from([1, 50, 1000, 1 << 20]),
        "write_batch_size": st.integers(1, 20),
        "dictionary_pagesize_limit": st.sampled_from([20, 200, 1 << 20]),
        "row_group_size": st.integers(1, 40),
        "data_page_version": st.sampled_from(["1.0", "1.0", "1.0", "2.0"]),
        "write_page_checksum": st.sampled_from([False, False, False, True]),
        "is_struct": st.booleans(),
    }
)
#: Few values of which many are the same, as dictionaries have, and empty ones.
VALUES = st.lists(st.binary(max_size=40), min_size=1, max_size=12).flatmap(
    lambda known: st.lists(st.sampled_from(known), min_size=1, max_size=60)
)


def is_direct(options: dict[str, Any]) -> bool:
    return (
        options["compression"] in {"none", "snappy", "zstd"}
        and options["data_page_version"] == "1.0"
        and not options["write_page_checksum"]
    )


@settings(max_examples=150, deadline=None)
@given(values=VALUES, options=TABLES, order=st.randoms(use_true_random=False))
def test_values_are_those_of_pyarrow(
    values: list[bytes], options: dict[str, Any], order: Any
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = opened(write(Path(folder) / "s.parquet", values, **options))
        places = [*range(len(values))]
        for _ in range(2):
            items: list[Any] = table.items(places)
            assert [bytes(item.read()) for item in items] == [values[place] for place in places]
            order.shuffle(places)
        rows = options["row_group_size"]
        for group in range(-(-len(values) // rows)):
            pages = table._pages(group)
            if isinstance(pages, CompressedPages) and is_direct(options):
                part = values[group * rows : (group + 1) * rows]
                assert [*map(bytes, pages.contents(range(len(part))))] == part


@settings(max_examples=100, deadline=None)
@given(
    values=VALUES,
    options=TABLES.filter(is_direct),
    place=st.floats(0, 1, exclude_max=True),
    flip=st.integers(1, 255),
)
def test_a_flipped_byte_makes_no_other_images_than_pyarrow_reads(
    values: list[bytes], options: dict[str, Any], place: float, flip: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "s.parquet", values, **options)
        content = bytearray(path.read_bytes())
        body = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
        content[4 + int(place * (body - 4))] ^= flip
        path.write_bytes(content)
        try:
            table = opened(path)  # names are read from the same file
        except parquet.DatasetError:
            return
        for row, (value, item) in enumerate(
            zip(values, table.items(range(len(values))), strict=True)
        ):
            group, number = divmod(row, options["row_group_size"])
            allowed = {value, by_pyarrow(path, group, number, is_struct=options["is_struct"])}
            try:
                found = bytes(item.read())  # type: ignore[union-attr]
            except DecodeError as error:
                assert error.path == str(path)
            except ValueError as error:
                assert "has no bytes" in str(error)
            else:
                assert found in allowed


def by_pyarrow(path: Path, group: int, row: int, *, is_struct: bool) -> bytes | None:
    column = "image.bytes" if is_struct else "image"
    try:
        value = pq.ParquetFile(path).read_row_group(group, columns=[column])["image"][row].as_py()
    except (OSError, IndexError, pa.ArrowException):
        return None
    found: bytes | None = value["bytes"] if is_struct and value is not None else value
    return found


@pytest.mark.parametrize("use_dictionary", [True, False])
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
def test_a_large_dictionary_gives_way_to_plain_pages(
    compression: str, use_dictionary: bool, tmp_path: Path
) -> None:
    values = photos(400)
    values[7] = values[300] = values[3]
    path = write(
        tmp_path / "s.parquet",
        values,
        compression=compression,
        use_dictionary=use_dictionary,
        dictionary_pagesize_limit=100_000,
        data_page_size=20_000,
        write_batch_size=5,
    )
    pages = opened(path)._pages(0)
    if compression == "none" and not use_dictionary:
        assert isinstance(pages, parquet.PlainPages)
    else:
        assert isinstance(pages, CompressedPages)
        assert [*map(bytes, pages.contents([3, 399, 0, 300]))] == [
            values[row] for row in (3, 399, 0, 300)
        ]
        assert pages._pages is not None
        assert {page.is_plain for page in pages._pages.data} == (
            {True, False} if use_dictionary else {True}
        )


def test_each_page_is_decompressed_once_and_only_where_it_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = photos(400)
    path = write(
        tmp_path / "s.parquet",
        values,
        use_dictionary=False,
        data_page_size=30_000,
        write_batch_size=5,
    )
    sizes: list[int] = []
    decompressed = CompressedPages._decompressed

    def noted(self: CompressedPages, content: bytes, size: int) -> Any:
        sizes.append(size)
        return decompressed(self, content, size)

    monkeypatch.setattr(CompressedPages, "_decompressed", noted)
    monkeypatch.setattr(parquet, "_PORTION", 50_000)
    table = opened(path)
    one: Any = table.items([200])[0]
    assert one.read() == values[200]
    assert len(sizes) == 1
    sizes.clear()
    items: list[Any] = table.items(range(400))
    held = [item.read() for item in items]
    assert held == values
    pages = pages_of(table)
    pages.contents([0])
    assert pages._pages is not None
    # A page that two portions share is kept as long as one of them is.
    assert len(sizes) == len(pages._pages.data) + 1
    assert len(pages._buffers) == 0


def test_slices_stay_what_they_are(tmp_path: Path) -> None:
    values = photos(50)
    pages = pages_of(opened(write(tmp_path / "s.parquet", values)))
    held = pages.contents([5, 6])
    assert len(pages._buffers) == 1
    del pages
    assert [*map(bytes, held)] == values[5:7]


def test_headers_with_statistics_as_large_as_they_get(tmp_path: Path) -> None:
    values = [bytes([row % 7]) * 4096 for row in range(60)]
    path = write(tmp_path / "s.parquet", values, use_dictionary=False, data_page_size=9000)
    assert [*map(bytes, pages_of(opened(path)).contents(range(60)))] == values
    path = write(tmp_path / "t.parquet", values, use_dictionary=False, compression="none")
    items: list[Any] = opened(path).items(range(60))
    assert [item.read() for item in items] == values


@pytest.mark.parametrize("large", [False, True])
def test_damage_is_named_with_its_row_group_and_the_others_are_read(
    large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if large:
        monkeypatch.setattr(parquet, "_PORTION", 20_000)
    values = photos(60)
    path = write(tmp_path / "s.parquet", values, row_group_size=20, use_dictionary=False)
    content = bytearray(path.read_bytes())
    at = pq.read_metadata(path).row_group(1).column(0).data_page_offset
    content[at : at + 20] = b"\xff" * 20
    path.write_bytes(content)
    items: list[Any] = opened(path).items(range(60))
    for row, (item, value) in enumerate(zip(items, values, strict=True)):
        if 20 <= row < 40:
            with pytest.raises(DecodeError, match="row group 1 of its table cannot be read"):
                item.read()
        else:
            assert item.read() == value


def test_a_file_that_is_cut_short_after_it_was_opened(tmp_path: Path) -> None:
    values = photos(60)
    path = write(tmp_path / "s.parquet", values, row_group_size=20)
    items: list[Any] = opened(path).items(range(60))
    with path.open("r+b") as file:
        file.truncate(pq.read_metadata(path).row_group(1).column(0).data_page_offset)
    assert [item.read() for item in items[:20]] == values[:20]
    with pytest.raises(DecodeError, match="row group 1"):
        items[20].read()
