"""Parquet whose images lie in the file as they are: the same bytes as by pyarrow, and damage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regcore.errors import DatasetError, DecodeError
from regcore.sources import plain_pages
from regcore.sources.page_header import read_page_header
from regcore.sources.parquet import ParquetTable

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

PLAIN: dict[str, Any] = {
    "compression": {"image.bytes": "none", "image.path": "snappy", "label": "snappy"},
    "use_dictionary": ["image.path", "label"],
    "column_encoding": {"image.bytes": "PLAIN"},
}
#: As the package datasets writes parquet since it leaves images as they are.
HUGGING_FACE: dict[str, Any] = {
    **PLAIN,
    "use_content_defined_chunking": {
        "min_chunk_size": 256 * 1024,
        "max_chunk_size": 1024 * 1024,
        "norm_level": 0,
    },
    "write_page_index": True,
}


def values(count: int = 40, largest: int = 90_000) -> list[bytes]:
    random = np.random.default_rng(1)
    return [random.bytes(int(size)) for size in random.integers(0, largest, count)]


def write(path: Path, given: list[bytes | None], rows: int = 25, **options: Any) -> Path:
    column = [{"bytes": one, "path": f"{place}.jpg"} for place, one in enumerate(given)]
    table = pa.table({"image": column, "label": range(len(given))})
    pq.write_table(table, path, row_group_size=rows, **{**PLAIN, **options})
    return path


def opened(path: Path) -> ParquetTable:
    return ParquetTable(str(path.parent), path.name)


def is_plain(item: object) -> bool:
    return type(item).__name__ == "_PlainImage"


@pytest.mark.parametrize(
    "options",
    [
        HUGGING_FACE,
        {"data_page_size": 1000},
        {"data_page_size": 1 << 24},
        {"data_page_version": "2.0", "data_page_size": 200_000},
        {"write_batch_size": 3, "data_page_size": 1},
    ],
)
def test_values_are_those_of_pyarrow(options: dict[str, Any], tmp_path: Path) -> None:
    given = values()
    table = opened(write(tmp_path / "s.parquet", [*given], **options))
    for places in ([*range(40)], [39, 3, 24, 25, 0, 3]):
        items: list[Any] = list(table.items(places))
        assert all(map(is_plain, items))
        assert [item.read() for item in items] == [given[place] for place in places]


def test_a_column_of_bytes_that_may_not_be_missing(tmp_path: Path) -> None:
    given = values(9)
    schema = pa.schema([pa.field("image", pa.large_binary(), nullable=False)])
    table = pa.table({"image": pa.array(given, pa.large_binary())}, schema=schema)
    pq.write_table(table, tmp_path / "s.parquet", compression="none", use_dictionary=False)
    items: list[Any] = list(opened(tmp_path / "s.parquet").items(range(9)))
    assert all(map(is_plain, items))
    assert [item.read() for item in items] == given


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({"compression": "snappy"}, ()),
        ({"use_dictionary": True, "column_encoding": None}, ()),
        ({"write_page_checksum": True}, ()),
        ({"write_statistics": False}, ()),
        ({}, (3, 30)),
    ],
)
def test_pyarrow_reads_all_else(
    options: dict[str, Any], missing: tuple[int, ...], tmp_path: Path
) -> None:
    given: list[bytes | None] = [*values()]
    for place in missing:
        given[place] = None
    items: list[Any] = list(
        opened(write(tmp_path / "s.parquet", given, **options)).items(range(40))
    )
    assert not any(map(is_plain, items))
    for item, value in zip(items, given, strict=True):
        if value is None:
            with pytest.raises(ValueError, match="has no bytes"):
                item.read()
        else:
            assert item.read() == value


def _first_length(content: bytearray, at: int) -> None:
    header = read_page_header(bytes(content[at : at + 4096]))
    assert header is not None
    levels = int.from_bytes(content[at + header.header_bytes :][:4], "little")
    place = at + header.header_bytes + 4 + levels
    content[place : place + 4] = b"\xff\xff\xff\x7f"


def _second_header(content: bytearray, at: int) -> None:
    header = read_page_header(bytes(content[at : at + 4096]))
    assert header is not None
    place = at + header.header_bytes + header.size
    content[place : place + 20] = b"\xff" * 20


@pytest.mark.parametrize(
    ("damage", "good", "said"),
    [
        (_first_length, 0, "its table is damaged: no length of a value at byte"),
        (_second_header, 3, "its table is damaged: no page at byte"),
    ],
)
def test_damage_is_named_and_other_row_groups_are_read(
    damage: Callable[[bytearray, int], None], good: int, said: str, tmp_path: Path
) -> None:
    given = values()
    path = write(tmp_path / "s.parquet", [*given], write_batch_size=3, data_page_size=1)
    content = bytearray(path.read_bytes())
    damage(content, pq.read_metadata(path).row_group(0).column(0).data_page_offset)
    path.write_bytes(content)
    items: list[Any] = list(opened(path).items(range(40)))
    for place, item in enumerate(items):
        if good <= place < 25:
            with pytest.raises(DecodeError, match=said):
                item.read()
        else:
            assert item.read() == given[place]


def test_a_column_whose_name_is_no_text_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "s.parquet", [*values()])
    # Once in the footer's own schema; Arrow's copy is base64.
    path.write_bytes(path.read_bytes().replace(b"image", b"\xff\xff\xff\x7fe"))
    with pytest.raises(DatasetError, match=r"s\.parquet: .*codec can't decode"):
        opened(path)


def test_a_file_that_is_cut_short_after_it_was_opened(tmp_path: Path) -> None:
    given = values()
    path = write(tmp_path / "s.parquet", [*given])
    items: list[Any] = list(opened(path).items(range(40)))
    assert items[5].read() == given[5]
    with path.open("r+b") as file:
        file.truncate(path.read_bytes().index(given[5]) + 10)
    assert items[4].read() == given[4]
    with pytest.raises(DecodeError, match="cut short: 10 bytes of"):
        items[5].read()
    with pytest.raises(DecodeError, match="no length of a value"):
        items[6].read()


def test_no_bytes_make_a_header_of_a_page_that_is_none() -> None:
    random = np.random.default_rng(0)
    for _ in range(3000):
        header = read_page_header(random.bytes(int(random.integers(0, 60))))
        assert header is None or (header.size >= 0 and header.values >= 0)
    assert read_page_header(b"\x1c" * 100) is None  # structs in structs


def test_few_files_are_open_however_many_row_groups_there_are(tmp_path: Path) -> None:
    path = write(tmp_path / "s.parquet", [*values(2000, 10)], rows=1)
    items: list[Any] = list(opened(path).items(range(2000)))
    assert sum(len(item.read()) for item in items) == sum(map(len, values(2000, 10)))
    assert plain_pages.PlainPages.of(str(path), pq.read_metadata(path), 1999, 0) is not None
