"""Columns of any type that tools write: labels as numbers or text, and names as large strings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kept_photos import some_photos

from regcore import DatasetError
from regcore.sources.spelling import open_source

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
PHOTOS = some_photos(4)


def write(path: Path, label_type: Any, labels: list[Any]) -> None:
    kind = getattr(pa, label_type)() if isinstance(label_type, str) else label_type
    table = pa.table(
        {
            "image": pa.array([content for _, content, _ in PHOTOS], pa.large_binary()),
            "filename": pa.array([name for name, *_ in PHOTOS], pa.large_string()),
            "label": pa.array(labels, kind),
        }
    )
    if path.suffix == ".parquet":
        pq.write_table(table, path)
        return
    with pa.ipc.new_file(str(path), table.schema) as file:
        file.write_table(table)


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
@pytest.mark.parametrize("label_type", ["uint8", "uint16", "uint32", "uint64", "int8", "int64"])
def test_labels_of_every_width(suffix: str, label_type: str, tmp_path: Path) -> None:
    path = tmp_path / f"s.{suffix}"
    write(path, label_type, [0, 3, 127, 5])
    with open_source(path) as source:
        assert list(source.names) == [f"s.{suffix}::{name}" for name, *_ in PHOTOS]
        labels = source.labels()
        assert labels is not None
        assert labels.tolist() == [0, 3, 127, 5]
    write(path, label_type, [0, None, 1, 2])
    with (
        open_source(path) as source,
        pytest.raises(DatasetError, match=rf"s\.{suffix}: 1 of 4 labels is missing"),
    ):
        source.labels()


def test_a_label_that_is_too_large_is_named(tmp_path: Path) -> None:
    write(tmp_path / "s.parquet", "uint64", [0, 2**63, 1, 2])
    with (
        open_source(tmp_path / "s.parquet") as source,
        pytest.raises(DatasetError, match=rf"s\.parquet: .*{2**63}"),
    ):
        source.labels()


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("float32", [0.0, 3.0, 999.0, 5.0], [0, 3, 999, 5]),
        ("float16", [0.0, 3.0, 9.0, 5.0], [0, 3, 9, 5]),
        ("float64", [None, float("nan"), None, None], None),
        ("string", ["3", "0", "12", "3"], [3, 0, 12, 3]),
        ("large_string", ["n01440764", "n01443537", "n15075141", "n01440764"], [0, 1, 999, 0]),
        ("string", [None, "", None, None], None),
        (pa.dictionary(pa.int8(), pa.string()), ["7", "0", "7", "1"], [7, 0, 7, 1]),
    ],
)
def test_labels_as_floats_and_text(
    suffix: str, kind: Any, given: list[Any], expected: list[int] | None, tmp_path: Path
) -> None:
    write(tmp_path / f"s.{suffix}", kind, given)
    with open_source(tmp_path / f"s.{suffix}") as source:
        labels = source.labels()
    assert (labels if labels is None else labels.tolist()) == expected


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("float32", [0, 1, 0.5, 2], "holds 0.5, which is no class; --labels FILE"),
        ("float64", [0, 1, float("inf"), 2], "holds inf, which is no class"),
        ("float64", [0, None, 1, 2], "1 of 4 labels is missing"),
        ("string", ["1", "tench", "2", "3"], "holds 'tench', and nothing says which class"),
        ("string", ["1", "-2", "2", "3"], "holds '-2', and nothing says which class"),
        ("string", ["1", "n00000001", "2", "3"], "n00000001 is none of ImageNet's 1,000 classes"),
        ("string", ["1", None, "2", "3"], "1 of 4 labels is missing"),
        (pa.list_(pa.int64()), [[1], [2], [3], [4, 5]], r"is of list<.*>, which is no class"),
        ("bool_", [True, False, True, True], "is of bool, which is no class"),
    ],
)
def test_a_column_of_labels_is_never_passed_over(
    suffix: str, kind: Any, given: list[Any], said: str, tmp_path: Path
) -> None:
    write(tmp_path / f"s.{suffix}", kind, given)
    with (
        open_source(tmp_path / f"s.{suffix}") as source,
        pytest.raises(DatasetError, match=rf"s\.{suffix}: .*{said}"),
    ):
        source.labels()


def test_integers_count_before_text_and_images_without_bytes_are_named(tmp_path: Path) -> None:
    table = pa.table(
        {
            "image": pa.array([None, *(content for _, content, _ in PHOTOS[1:])], pa.binary()),
            "label": ["tench", "shark", "ray", "cock"],
            "target": [0, 4, 6, 7],
        }
    )
    pq.write_table(table.slice(0, 4), tmp_path / "s.parquet")
    with open_source(tmp_path / "s.parquet") as source:
        labels = source.labels()
        assert labels is not None
        assert labels.tolist() == [0, 4, 6, 7]
        items: list[Any] = list(source.read())
        with pytest.raises(ValueError, match="has no bytes in its table"):
            items[0].read()
        assert [bytes(item.read()) for item in items[1:]] == [c for _, c, _ in PHOTOS[1:]]
