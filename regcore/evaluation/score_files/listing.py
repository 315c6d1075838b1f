"""Which file of a folder holds which image's scores."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from regcore.errors import DatasetError

SUFFIXES = (".bin", ".npy", ".txt")

# NAME and K, the number of the model's output, in the names that tools give.
_FORMS = (
    re.compile(r"(.+)_([0-9]+)", re.DOTALL),  # the benchmark tool from 1, ais_bench from 0
    re.compile(r"(.+)_output_([0-9]+)", re.DOTALL),  # msame
    re.compile(r"(.+)()", re.DOTALL),
)
# Stands beside the benchmark tool's results, and has the form of one.
_PERFORMANCE_FILE = re.compile(r"perf_.+_batchsize_.+_device_[0-9]+\.txt")


@dataclass(frozen=True)
class PredictionFiles:
    """The files of a folder, told apart by their names.

    paths: the file of each expected image that has just one, in the order of the images.
    doubled: the files of each expected image that has several.
    missing: expected images that have none.
    surplus: files that are predictions of no expected image.
    stray: files and folders that are no predictions by their names.
    """

    paths: Mapping[str, str]
    doubled: Mapping[str, tuple[str, ...]]
    missing: tuple[str, ...]
    surplus: tuple[str, ...]
    stray: tuple[str, ...]


def find_score_files(
    source: str | Path | Sequence[str | Path],
    expected: Iterable[str],
    *,
    output: int | None = None,
) -> PredictionFiles:
    """Matches the files of a folder, or of a list, with the `expected` images.

    A prediction is called NAME_K (benchmark, ais_bench), NAME_output_K (msame) or NAME, whichever
    form fits the most images, and ends in .txt, .bin or .npy; its name is cut at the first dot.
    output: takes only the files with this K, of a model with several outputs.
    Raises DatasetError where the folder cannot be read, or holds no prediction of these images.
    """
    expected = dict.fromkeys(expected)
    if isinstance(source, (str, Path)):
        where = str(source)
        candidates, stray = _list_folder(where)
    else:
        where = "the list"
        candidates, stray = _split((os.fspath(path), Path(path).name) for path in source)
    folders = [path for path in stray if Path(path).is_dir()]
    hint = f"; is it {min(folders)} that is meant?" if folders else ""
    if not candidates:
        kinds = " ".join(SUFFIXES)
        raise DatasetError(f"{where}: no predictions there (looked for {kinds}){hint}")
    by_image, unfit = _by_image(candidates, expected)
    paths: dict[str, str] = {}
    doubled: dict[str, tuple[str, ...]] = {}
    missing: list[str] = []
    for image in expected:
        files = [path for k, path in by_image.get(image, []) if output is None or k == str(output)]
        if not files:
            missing.append(image)
        elif len(files) == 1:
            paths[image] = files[0]
        else:
            doubled[image] = tuple(sorted(files))
    surplus = [path for image, of in by_image.items() if image not in expected for _, path in of]
    if not paths and not doubled:
        raise DatasetError(_none_fits(where, [*surplus, *unfit], expected, output) + hint)
    return PredictionFiles(
        paths=paths,
        doubled=doubled,
        missing=tuple(missing),
        surplus=tuple(sorted(surplus)),
        stray=tuple(sorted([*stray, *unfit])),
    )


def _list_folder(folder: str) -> tuple[dict[str, str], list[str]]:
    """Paths that may be predictions, with their file names, and the others."""
    try:
        with os.scandir(folder) as entries:
            listed = [(entry.path, entry.name, entry.is_dir()) for entry in entries]
    except OSError as error:
        raise DatasetError(f"{folder}: {error.strerror}") from error
    candidates, stray = _split((path, name) for path, name, is_folder in listed if not is_folder)
    return candidates, stray + [path for path, _, is_folder in listed if is_folder]


def _split(files: Iterable[tuple[str, str]]) -> tuple[dict[str, str], list[str]]:
    candidates: dict[str, str] = {}
    stray: list[str] = []
    for path, name in files:
        if not name.endswith(SUFFIXES) or name.startswith(".") or _PERFORMANCE_FILE.match(name):
            stray.append(path)
        else:
            candidates[path] = name
    return candidates, stray


_ByImage = dict[str, list[tuple[str, str]]]


def _by_image(names: Mapping[str, str], expected: Collection[str]) -> tuple[_ByImage, list[str]]:
    """(K, path) of each image by the form that fits the most images, and the paths unlike it."""
    best: tuple[int, _ByImage, list[str]] = (-1, {}, [])
    for form in _FORMS:
        by_image: _ByImage = defaultdict(list)
        unfit = []
        for path, name in names.items():
            match = form.fullmatch(name.split(".", 1)[0])
            if match:
                by_image[match[1]].append((match[2], path))
            else:
                unfit.append(path)
        fitting = sum(image in by_image for image in expected)
        if fitting > best[0]:
            best = fitting, by_image, unfit
        if fitting == len(expected):
            break
    return best[1], best[2]


def _none_fits(
    where: str, others: Sequence[str], expected: Collection[str], output: int | None
) -> str:
    if output is not None:
        return f"{where}: no prediction has the output {output} of an image with a label"
    image = next(iter(expected), "none")
    spelled = "\\" in image
    hint = "; it has backslashes, as on Windows: write the labels' names with /" if spelled else ""
    return (
        f"{where}: none of these predictions is of an image with a label: the first is "
        f"{Path(min(others)).name}, the first image {image}{hint}"
    )
