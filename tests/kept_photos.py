"""The same photos, with their labels, kept in every way that regcore reads."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from oracles import jpeg, photo_like

Photos = Sequence[tuple[str, bytes, int]]


def some_photos(count: int) -> list[tuple[str, bytes, int]]:
    """Name, bytes and label of each."""
    return [
        (f"n{i % 3:02}/{i:03}.JPEG", jpeg(photo_like(50 + i % 7, 70 - i % 5, i)), 7 * i % 10)
        for i in range(count)
    ]


def write_tar(path: Path, photos: Photos, **options: int) -> None:
    with tarfile.open(path, "w", **options) as archive:  # type: ignore[call-overload]
        for name, content, label in photos:
            stem = name.rpartition(".")[0]
            for member, what in ((name, content), (f"{stem}.cls", str(label).encode())):
                header = tarfile.TarInfo(member)
                header.size = len(what)
                archive.addfile(header, io.BytesIO(what))


def write_zip(path: Path, photos: Photos, form: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", form) as archive:
        for name, content, label in photos:
            archive.writestr(name, content)
            archive.writestr(f"{name.rpartition('.')[0]}.json", f'{{"label": {label}}}')


def table_of(photos: Photos) -> object:
    pa = pytest.importorskip("pyarrow")
    rows = [{"bytes": content, "path": name} for name, content, _ in photos]
    return pa.table({"image": rows, "label": [label for *_, label in photos]})


def write_parquet(path: Path, photos: Photos, **options: object) -> None:
    pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    pq.write_table(table_of(photos), path, **{"row_group_size": 4, **options})


def write_arrow(path: Path, photos: Photos, *, stream: bool = False) -> None:
    pa = pytest.importorskip("pyarrow")
    table = table_of(photos)
    writer = pa.ipc.new_stream if stream else pa.ipc.new_file
    with writer(path, table.schema) as file:  # type: ignore[attr-defined]
        file.write_table(table, max_chunksize=4)


def write_lmdb(path: Path, photos: Photos) -> None:
    lmdb = pytest.importorskip("lmdb")
    path.mkdir()
    with lmdb.open(str(path), map_size=1 << 28) as environment, environment.begin(write=True) as t:
        for name, content, label in photos:
            t.put(name.encode(), content)
            t.put(f"{name.rpartition('.')[0]}.cls".encode(), str(label).encode())


@dataclass(frozen=True)
class Kind:
    """write: makes the parts `spelled` stands for, each with an equal share of the photos."""

    names: Sequence[str]
    spelled: str
    write: Callable[[Path, Photos], None]


def _stream(path: Path, photos: Photos) -> None:
    write_arrow(path, photos, stream=True)


def _deflated(path: Path, photos: Photos) -> None:
    write_zip(path, photos, zipfile.ZIP_DEFLATED)


def _large_groups(path: Path, photos: Photos) -> None:
    write_parquet(path, photos, row_group_size=1000)


KINDS = {
    "tar": Kind(("s-0.tar", "s-1.tar"), "s-{0..1}.tar", write_tar),
    "zip": Kind(("s.zip",), "s.zip", write_zip),
    "deflated": Kind(("s.zip",), "s.zip", _deflated),
    "parquet": Kind(("s-0.parquet", "s-1.parquet"), "s-*.parquet", write_parquet),
    "arrow": Kind(("s.arrow",), "s.arrow", write_arrow),
    "stream": Kind(("s-00.arrow", "s-01.arrow"), "s-{00..01}.arrow", _stream),
    "lmdb": Kind(("s_lmdb",), "s_lmdb", write_lmdb),
}


def keep(folder: Path, kind: str, photos: Photos) -> str:
    """Writes the photos below the folder, and says how they are spelled."""
    form = KINDS[kind]
    share = -(-len(photos) // len(form.names))
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(form.names):
        form.write(folder / name, photos[number * share : (number + 1) * share])
    return str(folder / form.spelled)
