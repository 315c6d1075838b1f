"""The scores that a tool has written for each image, found by the images' names, read in batches.

A folder (or list) of files with one image each: text (its first line is read, as by the guide's
script), raw float32 .bin, and .npy. Or one packed file: `scores.npy`, [images, classes], or the
same as raw float32 in `scores.bin`, with a name for each row in `scores.names.txt`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from regcore.errors import ScoreFileError
from regcore.evaluation.score_files.batch import ScoreBatch, ScoreSource
from regcore.evaluation.score_files.listing import find_score_files
from regcore.evaluation.score_files.packed import Packed, read_names
from regcore.evaluation.score_files.per_image import Files
from regcore.host import default_workers

__all__ = ["ScoreBatch", "ScoreSet", "open_scores", "read_names"]


@dataclass(frozen=True)
class ScoreSet:
    """What was found for the images that were expected; not read yet.

    names: images with scores, in the order in which they were expected.
    errors: images with several files.
    missing: expected images without scores.
    surplus: files (of a packed file: names) of images that were not expected.
    stray: files and folders that are no predictions by their names.
    """

    names: tuple[str, ...]
    errors: tuple[ScoreFileError, ...]
    missing: tuple[str, ...]
    surplus: tuple[str, ...]
    stray: tuple[str, ...]
    source: ScoreSource

    @property
    def classes(self) -> int:
        """The number of scores of each image."""
        return self.source.classes

    def batches(self, workers: int | None = None) -> Iterator[ScoreBatch]:
        """All scores, in the order of `names`. workers: threads, by default one per processor."""
        return self.source.batches(default_workers() if workers is None else workers)


def open_scores(
    source: str | Path | Sequence[str | Path],
    expected: Sequence[str],
    *,
    output: int | None = None,
    names: str | Path | None = None,
) -> ScoreSet:
    """Finds the scores of the `expected` images, whose names are cut at the first dot.

    source: a folder, a list of files, or a packed .npy or .bin file.
    output: the number of the model's output, where it has several; see find_score_files.
    names: the names of a packed file's rows, where they are not in NAME.names.txt beside it.
    Raises DatasetError where there is nothing, or nothing that fits.
    """
    expected = tuple(dict.fromkeys(expected))
    if isinstance(source, (str, Path)) and Path(source).is_file():
        packed = Packed(Path(source), names)
        rows = {name: row for row, name in enumerate(packed.names)}
        found = tuple(name for name in expected if name in rows)
        wanted = set(found)
        return ScoreSet(
            names=found,
            errors=(),
            missing=tuple(name for name in expected if name not in rows),
            surplus=tuple(name for name in packed.names if name not in wanted),
            stray=(),
            source=packed.rows([rows[name] for name in found]),
        )
    files = find_score_files(source, expected, output=output)
    return ScoreSet(
        names=tuple(files.paths),
        errors=tuple(
            ScoreFileError(
                first,
                f"the image {image} has other files, too: {' '.join(others)} "
                "(if they are outputs of one model, choose one by its number)",
            )
            for image, (first, *others) in files.doubled.items()
        ),
        missing=files.missing,
        surplus=files.surplus,
        stray=files.stray,
        source=Files(tuple(files.paths.values())),
    )
