"""What a run decided for each image: `decisions.csv`, one line an image.

The columns are image, label, and the best classes with their scores, class1, score1, class2, ...;
an image that failed has its label and no classes. All are the model's own numbers: with 1001
classes the label is one more than in the label file, and 0 is the background. CSV, as it is for
looking at, sorting and joining, and as 50,000 images are 5 MB. Nine digits give the same float32.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.atomic import replacing
from regcore.errors import DatasetError

DECISIONS = "decisions.csv"

_RANKS = 5
_COLUMNS = [f"{what}{k}" for k in range(1, _RANKS + 1) for what in ("class", "score")]
_HEADER = ["image", "label", *_COLUMNS]


@dataclass(frozen=True)
class Decisions:
    """images: paths below the root that was evaluated, each once.

    labels: int64 [images], true classes. classes int64 and scores float32, [images, 5]: the best
    classes, -1 and NaN where there is none.
    """

    images: tuple[str, ...]
    labels: NDArray[np.int64]
    classes: NDArray[np.int64]
    scores: NDArray[np.float32]

    @property
    def decided(self) -> NDArray[np.bool_]:
        """Whether each image was evaluated."""
        return np.asarray(self.classes[:, 0] >= 0)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the first choice is the true class."""
        return np.asarray(self.decided & (self.classes[:, 0] == self.labels))


def write_decisions(path: Path, decisions: Decisions) -> None:
    """Writes the file, whole or not at all."""
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        # By itself the writer quotes a line feed in a name, but not a carriage return.
        returns = any("\r" in image for image in decisions.images)
        writer = csv.writer(
            file,
            lineterminator="\n",
            quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL,
        )
        writer.writerow(_HEADER)
        rows = zip(
            decisions.images,
            decisions.labels.tolist(),
            decisions.classes.tolist(),
            decisions.scores.tolist(),
            strict=True,
        )
        for image, label, classes, scores in rows:
            best = [
                text
                for found, score in zip(classes, scores, strict=True)
                for text in ((str(found), f"{score:.9g}") if found >= 0 else ("", ""))
            ]
            writer.writerow([image, label, *best])


def read_decisions(path: Path) -> Decisions:
    """What `write_decisions` wrote. Raises DatasetError, which names the line."""
    images: list[str] = []
    labels: list[int] = []
    classes: list[list[int]] = []
    scores: list[list[float]] = []
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            reader = csv.reader(file)
            if next(reader, None) != _HEADER:
                raise DatasetError(f"{path}: not a file of decisions: its header is another")
            for row in reader:
                try:
                    image, label, *best = row
                    images.append(image)
                    labels.append(int(label))
                    classes.append([int(text) if text else -1 for text in best[::2]])
                    scores.append([float(text) if text else np.nan for text in best[1::2]])
                    complete = len(best) == 2 * _RANKS
                except ValueError:
                    complete = False
                if not complete:
                    raise DatasetError(f"{path}, line {reader.line_num}: not a decision")
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}") from error
    except csv.Error as error:
        raise DatasetError(f"{path}: {error}") from error
    if len(set(images)) != len(images):
        raise DatasetError(f"{path}: an image is in it twice")
    return Decisions(
        tuple(images),
        np.array(labels, np.int64),
        np.array(classes, np.int64).reshape(-1, _RANKS),
        np.array(scores, np.float32).reshape(-1, _RANKS),
    )


def relative_names(paths: Sequence[Path], root: Path) -> tuple[str, ...]:
    """The images' paths below the folder that was evaluated."""
    return tuple(
        path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
        for path in paths
    )
