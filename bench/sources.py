"""The same photos from every source, side by side: images/s, and the bytes that differ.

    python bench/sources.py [PHOTOS] [--images 2000] [--rounds 5] [--workers 2] [--json FILE]

PHOTOS is a folder of JPEGs, repeated until there are so many images; each source holds all of them.
What is timed is from names to uint8 batches, with all files in the page cache; listing is timed by
itself. Every ratio is that of one round to files in the same round. Reading alone is what a thread
takes for the bytes without preparing any image, of tables what pyarrow takes.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import lmdb
import pyarrow as pa
import pyarrow.parquet as pq
from machine import describe, find_photos, machine
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import Key, Round, interleave, ratios, spread, times

import regcore
from regcore.sources.spelling import open_source

RECIPE = regcore.Recipe.preset("regnety_016").in_form("uint8")
BATCH = 64
SHARD = 1000  # images
AS_IT_IS: dict[str, Any] = {
    "compression": {"image.bytes": "none", "image.path": "none", "label": "snappy"},
    "use_dictionary": ["label"],
    "column_encoding": {"image.bytes": "PLAIN", "image.path": "PLAIN"},
    "use_content_defined_chunking": {
        "min_chunk_size": 256 * 1024,
        "max_chunk_size": 1024 * 1024,
        "norm_level": 0,
    },
    "write_page_index": True,
}
FILES = "files"
WALL, CPU = "wall clock", "CPU of all threads"
ALONE = "CPU of reading alone"
Named = tuple[str, bytes]


def main() -> None:
    options = _options()
    photos = find_photos(options.photos)
    contents = [Path(photo).read_bytes() for photo in photos]
    named = [
        (f"{number:07}.jpg", content)
        for number, content in enumerate(islice(cycle(contents), options.images))
    ]
    folder = Path(tempfile.mkdtemp(prefix="regcore-sources-", dir=options.folder))
    try:
        document = _measure(folder, named, photos, options)
    finally:
        shutil.rmtree(folder)
    _show(document)
    if options.json:
        Path(options.json).write_text(json.dumps(document, indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="?")
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", help="names of sources, with ; between")
    parser.add_argument("--folder", help="where the sources are written; by default the system's")
    parser.add_argument("--json")
    return parser.parse_args()


def _measure(
    folder: Path, named: list[Named], photos: list[str], options: argparse.Namespace
) -> dict[str, Any]:
    wanted = [FILES, *(options.only.split(";") if options.only else WRITERS)]
    spelled = {name: _write(folder, name, named) for name in dict.fromkeys(wanted)}
    preprocessor = regcore.Preprocessor(RECIPE, workers=options.workers)
    digests: dict[str, str] = {}
    listing: dict[str, list[float]] = {name: [] for name in spelled}

    def run(name: str) -> Round:
        start = perf_counter()
        with open_source(spelled[name]) as source:
            listing[name].append(perf_counter() - start)
            digest = hashlib.blake2b()
            start, cpu = perf_counter(), process_time()
            with preprocessor.stream(source.read(), BATCH) as stream:
                for batch in stream:
                    # The check costs each source the same.
                    digest.update(batch.images[0])
            seconds, cpu = perf_counter() - start, process_time() - cpu
        digests[name] = digest.hexdigest()
        each = 1000 / len(named)
        found = {
            Key(name, WALL, options.workers): each * seconds,
            Key(name, CPU, options.workers): each * cpu,
        }
        if name in READ_ALONE:
            start = process_time()
            READ_ALONE[name](spelled[name])
            found[Key(name, ALONE, options.workers)] = each * (process_time() - start)
        return found

    before = machine()
    rounds = interleave([partial(run, name) for name in spelled], options.rounds, _notify)
    whole = {name: _differing(preprocessor, spelled[FILES], spelled[name]) for name in spelled}
    rows = []
    for name in spelled:
        wall, cpu, alone = (Key(name, what, options.workers) for what in (WALL, CPU, ALONE))
        rows.append(
            {
                "source": name,
                "ms_per_image": spread(times(rounds, wall)),
                "cpu_ms_per_image": spread(times(rounds, cpu)),
                "of_files": spread(ratios(rounds, wall._replace(label=FILES), wall)),
                "of_files_by_cpu": spread(ratios(rounds, cpu._replace(label=FILES), cpu)),
                "cpu_ms_per_image_read_alone": (
                    spread(times(rounds, alone)) if name in READ_ALONE else None
                ),
                "listing_s": spread(listing[name]),
                "differing_images": whole[name],
                "same_in_every_round": digests[name] == digests[FILES],
            }
        )
    return {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "photos": describe(photos),
        "images": len(named),
        "rounds": options.rounds,
        "workers": options.workers,
        "rows": rows,
    }


def _differing(preprocessor: regcore.Preprocessor, files: str, other: str) -> int:
    """How many images have another byte than from files; each source has the same order."""
    differing = 0
    with (
        open_source(files) as a,
        open_source(other) as b,
        preprocessor.stream(a.read(), BATCH) as x,
        preprocessor.stream(b.read(), BATCH) as y,
    ):
        for one, two in zip(x, y, strict=True):
            differing += int((one.images != two.images).any(axis=(1, 2, 3)).sum())
    return differing


def _write(folder: Path, name: str, named: list[Named]) -> str:
    place = folder / name
    place.mkdir()
    _notify(f"writing {name}")
    return WRITERS[name](place, named)


def _files(folder: Path, named: list[Named]) -> str:
    for name, content in named:
        (folder / name).write_bytes(content)
    return str(folder)


def _shards(
    suffix: str, write: Callable[[Path, list[Named]], None], folder: Path, named: list[Named]
) -> str:
    for number in range(0, len(named), SHARD):
        write(folder / f"s-{number // SHARD:04}{suffix}", named[number : number + SHARD])
    return str(folder / f"s-*{suffix}")


def _tar(path: Path, named: list[Named]) -> None:
    with tarfile.open(path, "w") as archive:
        for number, (name, content) in enumerate(named):
            label = f"{number}".encode()
            for member, what in ((name, content), (f"{name[:-4]}.cls", label)):
                header = tarfile.TarInfo(member)
                header.size = len(what)
                archive.addfile(header, io.BytesIO(what))


def _zip(form: int, path: Path, named: list[Named]) -> None:
    with zipfile.ZipFile(path, "w", form) as archive:
        for name, content in named:
            archive.writestr(name, content)


def _tables(named: list[Named], rows_at_once: int = 100) -> Iterator[pa.Table]:
    for at in range(0, len(named), rows_at_once):
        part = named[at : at + rows_at_once]
        rows = [{"bytes": content, "path": name} for name, content in part]
        yield pa.table({"image": rows, "label": list(range(len(part)))})


def _parquet(rows: int, options: dict[str, Any], path: Path, named: list[Named]) -> None:
    """As the package datasets writes it: by default of old, with AS_IT_IS of late (5.2)."""
    writer = None
    for table in _tables(named, rows):
        writer = writer or pq.ParquetWriter(path, table.schema, **options)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _arrow(path: Path, named: list[Named]) -> None:
    writer = None
    for table in _tables(named):
        writer = writer or pa.ipc.new_stream(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _lmdb(folder: Path, named: list[Named]) -> str:
    with lmdb.open(str(folder), map_size=1 << 40) as environment:
        for at in range(0, len(named), SHARD):
            with environment.begin(write=True) as transaction:
                for name, content in named[at : at + SHARD]:
                    transaction.put(name.encode(), content)
    return str(folder)


WRITERS: dict[str, Callable[[Path, list[Named]], str]] = {
    FILES: _files,
    "tar": partial(_shards, ".tar", _tar),
    "zip, stored": partial(_shards, ".zip", partial(_zip, zipfile.ZIP_STORED)),
    "zip, deflated": partial(_shards, ".zip", partial(_zip, zipfile.ZIP_DEFLATED)),
    "parquet, snappy": partial(_shards, ".parquet", partial(_parquet, 100, {})),
    "parquet, as it is": partial(_shards, ".parquet", partial(_parquet, 900, AS_IT_IS)),
    "arrow stream": partial(_shards, ".arrow", _arrow),
    "lmdb": _lmdb,
}


def _read_files(folder: str) -> None:
    memory = memoryview(bytearray(1 << 22))  # used anew, as a worker's is
    for path in Path(folder).iterdir():
        with path.open("rb", buffering=0) as file:
            file.readinto(memory)


def _read_tables(pattern: str) -> None:
    """What pyarrow takes at least, on one thread, where nobody looks at the images."""
    for path in sorted(Path(pattern).parent.glob("*.parquet")):
        file = pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 16)
        for group in range(file.num_row_groups):
            file.read_row_group(group, columns=["image.bytes"], use_threads=False)


READ_ALONE: dict[str, Callable[[str], None]] = {
    FILES: _read_files,
    "parquet, snappy": _read_tables,
    "parquet, as it is": _read_tables,
}


def _show(document: dict[str, Any]) -> None:
    console = Console(highlight=False, markup=False, width=160)
    info, photos = document["machine"], document["photos"]
    console.print(
        f"{info['cpu']}, {info['cores']} cores, load average {info['load_average'][0]:.2f} before "
        f"and {info['load_average_after'][0]:.2f} after; {document['images']} images of "
        f"{photos['count']} photos, mean {photos['mean_kilobytes']:.0f} KB, "
        f"{document['workers']} workers, {document['rounds']} rounds"
    )
    table = Table("", box=box.MARKDOWN)
    for name in ("ms, wall", "images/s", "of files", "range", "ms, CPU", "of files, by CPU"):
        table.add_column(name, justify="right")
    table.add_column("reading alone, ms, CPU", justify="right")
    table.add_column("listing, s", justify="right")
    table.add_column("images that differ", justify="right")
    for row in document["rows"]:
        ms, share = row["ms_per_image"]["median"], row["of_files"]
        alone = row["cpu_ms_per_image_read_alone"]
        table.add_row(
            row["source"],
            f"{ms:.3f}",
            f"{1000 / ms:.0f}",
            f"{share['median']:.3f}",
            f"{share['min']:.3f} to {share['max']:.3f}",
            f"{row['cpu_ms_per_image']['median']:.3f}",
            f"{row['of_files_by_cpu']['median']:.3f}",
            f"{alone['median']:.3f}" if alone else "",
            f"{row['listing_s']['median']:.3f}",
            str(row["differing_images"]),
        )
    console.print(table)


def _notify(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
