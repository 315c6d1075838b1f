"""Columns of any type that tools write: labels without a sign, and names as large strings."""

from __future__ import annotations

from pathlib import Path

import pytest
from kept_photos import some_photos

from regcore import DatasetError
from regcore.sources.spelling import open_source

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
PHOTOS = some_photos(4)


def write(path: Path, label_type: str, labels: list[int | None]) -> None:
    table = pa.table(
        {
            "image": pa.array([content for _, content, _ in PHOTOS], pa.large_binary()),
            "filename": pa.array([name for name, *_ in PHOTOS], pa.large_string()),
            "label": pa.array(labels, getattr(pa, label_type)()),
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
        pytest.raises(DatasetError, match=rf"s\.{suffix}: 1 of 4 labels are missing"),
    ):
        source.labels()


def test_a_label_that_is_too_large_is_named(tmp_path: Path) -> None:
    write(tmp_path / "s.parquet", "uint64", [0, 2**63, 1, 2])
    with (
        open_source(tmp_path / "s.parquet") as source,
        pytest.raises(DatasetError, match=rf"s\.parquet: .*{2**63}"),
    ):
        source.labels()
