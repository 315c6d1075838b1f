"""Scoring: regcore against the guide's script on the same files of 1,000 scores, in one run."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import guide_score
import numpy as np
from machine import machine
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import Key, Round, interleave, ratios, spread, times
from terminal import wide_console

from regcore.evaluation.score import read_image_labels, score
from regcore.evaluation.score_files.source import open_scores
from regcore.formats.guide_result import guide_result
from regcore.host import default_workers

CLASSES = 1000
GUIDE = "guide's algorithm"
REGCORE = "regcore"
READ = "open, read, close"
GOALS = {("text", 1): ">= 20", ("text", 2): ">= 35"}

Row = NDArray[np.float32]
Document = dict[str, Any]


class Case(NamedTuple):
    """A form of the same scores. write: one image's, to a path without its ending."""

    source: str
    write: Callable[[str, Row], None]
    read: Callable[[str], NDArray[Any]]


def write_text(form: str, path: str, row: Row) -> None:
    Path(f"{path}.txt").write_text(" ".join(form % value for value in row) + " \n")


def write_raw(path: str, row: Row) -> None:
    row.tofile(f"{path}.bin")


def write_npy(path: str, row: Row) -> None:
    np.save(f"{path}.npy", row[np.newaxis])


CASES = (
    Case("text %f", partial(write_text, "%f"), guide_score.read_text),
    Case("text %g", partial(write_text, "%g"), guide_score.read_text),
    Case("raw float32", write_raw, guide_score.read_raw),
    Case(".npy", write_npy, lambda path: np.load(path)[0]),
)


def make_files(folder: Path, images: int) -> Path:
    """One folder for each case, and the label file; the true class mostly leads."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, images).tolist()
    names = [f"ILSVRC2012_val_{i + 1:08d}" for i in range(images)]
    for case in CASES:
        (folder / case.source).mkdir()
    for name, label in zip(names, labels, strict=True):
        row = rng.normal(size=CLASSES).astype(np.float32)
        row[label] += np.float32(rng.normal(4))
        for case in CASES:
            case.write(str(folder / case.source / f"{name}_1"), row)
    lines = (f"{name}.JPEG {label}\n" for name, label in zip(names, labels, strict=True))
    label_file = folder / "val_label.txt"
    label_file.write_text("".join(lines))
    return label_file


def regcore_json(predictions: Path, label_file: Path, workers: int) -> str:
    """All that `regcore score` does, but for writing it."""
    labels = read_image_labels(label_file)
    result = score(open_scores(predictions, tuple(labels)), labels, workers=workers)
    return json.dumps(guide_result(result.topn))


def read_alone(folder: Path) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            file = os.open(entry.path, os.O_RDONLY)
            os.read(file, os.fstat(file).st_size)
            os.close(file)


def timed(key: Key, images: int, run: Callable[[], object]) -> Round:
    start = perf_counter()
    run()
    return {key: 1000 * (perf_counter() - start) / images}


def runs_of(
    case: Case, folder: Path, label_file: Path, workers: Sequence[int]
) -> dict[Key, Callable[[], object]]:
    """What is timed, once its results are seen to be equal."""
    predictions = folder / case.source
    guide = partial(guide_score.result_json, predictions, label_file, case.read)
    ours = {
        Key(REGCORE, case.source, count): partial(regcore_json, predictions, label_file, count)
        for count in workers
    }
    expected = guide()
    if any(run() != expected for run in ours.values()):
        raise SystemExit(f"{case.source}: regcore's result is not the guide's")
    return {
        Key(GUIDE, case.source, 1): guide,
        Key(READ, case.source, 1): partial(read_alone, predictions),
        **ours,
    }


def rows_of(rounds: list[Round]) -> list[Document]:
    rows = []
    for key in rounds[0]:
        row = {**key._asdict(), "ms_per_image": spread(times(rounds, key))}
        row["guide_times_this"] = spread(ratios(rounds, key._replace(label=GUIDE, workers=1), key))
        row["times_reading"] = spread(ratios(rounds, key, key._replace(label=READ, workers=1)))
        kind = key.source.split(" ")[0]
        row["goal"] = GOALS.get((kind, key.workers), "") if key.label == REGCORE else ""
        rows.append(row)
    order = [case.source for case in CASES]
    return sorted(
        rows, key=lambda row: (order.index(row["source"]), -row["ms_per_image"]["median"])
    )


def show(document: Document) -> None:
    console = wide_console(250)
    about = document["machine"]
    console.print(
        f"{about['cpu']}, {about['cores']} cores; {document['images']} files of {CLASSES} scores, "
        f"{document['rounds']} rounds; the same result.json by all"
    )
    table = Table("files", "", box=box.MARKDOWN)
    for name in ("workers", "us per file", "range", "guide / this", "goal", "this / reading"):
        table.add_column(name, justify="right")
    for row in document["rows"]:
        low, middle, high = (1000 * row["ms_per_image"][x] for x in ("min", "median", "max"))
        table.add_row(
            row["source"],
            row["label"],
            str(row["workers"]),
            f"{middle:.1f}",
            f"{low:.1f} to {high:.1f}",
            f"{row['guide_times_this']['median']:.1f} x",
            row["goal"],
            f"{row['times_reading']['median']:.1f} x",
        )
    console.print(table)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2000, help="files of a kind (default 2000)")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds (default 5)")
    parser.add_argument(
        "--workers", type=int, default=default_workers(), help="beside one; default: all cores"
    )
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    if min(arguments.images, arguments.rounds, arguments.workers) < 1:
        parser.error("--images, --rounds and --workers must be at least 1")
    return arguments


def main() -> None:
    arguments = parse()
    before = machine()
    workers = sorted({1, arguments.workers})
    with (
        Console(stderr=True).status("writing files") as status,
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
    ):
        label_file = make_files(Path(folder), arguments.images)
        tasks = [
            partial(timed, key, arguments.images, run)
            for case in CASES
            for key, run in runs_of(case, Path(folder), label_file, workers).items()
        ]
        rounds = interleave(tasks, arguments.rounds, status.update)
    document = {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "images": arguments.images,
        "classes": CLASSES,
        "rounds": arguments.rounds,
        "rows": rows_of(rounds),
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    show(document)


if __name__ == "__main__":
    main()
