"""What `regcore run` leaves in its folder, and how to read it again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regcore.counted import agreeing, counted
from regcore.errors import DatasetError, RegcoreError
from regcore.evaluation.predictions_csv import (
    OLDER_PREDICTIONS,
    PREDICTIONS,
    TopPredictions,
    read_predictions,
    write_predictions,
)
from regcore.evaluation.run_content import RunContent
from regcore.files.atomic import write_text
from regcore.files.json_input import read_json
from regcore.recipes.recipe import Recipe
from regcore.schemas import json_form

#: The names of what the commands leave in a run's folder; "regcore run" writes the first two.
RUN = "run.json"
PERF = "perf.json"
VERDICT = "verdict.json"
COMPARISON = "comparison.json"
LAYERS = "layers.json"
PROFILE = "profile.json"
TRACE = "trace.json"
REPORT = "report.html"


@dataclass(frozen=True)
class Run:
    """A run's own record.

    content: what `regcore report` and `verdict` take from it. recipe: by which its images were
    made.
    """

    folder: Path
    content: RunContent
    recipe: Recipe

    @property
    def complete(self) -> bool:
        """Whether every image that was expected was counted."""
        return self.content.complete

    @property
    def images(self) -> int:
        """How many images were evaluated."""
        return self.content.images

    @property
    def hits(self) -> int:
        """How many of them had their true class as the first choice."""
        return self.content.hits[0] if self.content.hits else 0

    @property
    def name(self) -> str:
        """What the recipe is of: the model's own name with its tag, or that of a preset."""
        return self.content.recipe.rpartition(" (")[0]

    def predictions(self) -> TopPredictions:
        """What the model made of each image. Raises DatasetError, also for another run's."""
        path = self.folder / PREDICTIONS
        older = self.folder / OLDER_PREDICTIONS
        if not path.exists() and older.exists():
            path = older
        found = read_predictions(path)
        evaluated, hits = int(found.evaluated.sum()), int(found.correct.sum())
        if (evaluated, hits) != (self.images, self.hits):
            raise DatasetError(
                f"{path}: is of another run: {hits} of {counted(evaluated, 'image')} "
                f"{agreeing(hits, 'is', 'are')} right in it, and {self.hits} of {self.images} "
                f"in {RUN}"
            )
        return found


def write_run(folder: Path, report: dict[str, Any], predictions: TopPredictions) -> None:
    """Writes predictions.csv and run.json; report: with the recipe's fields as "preprocessing"."""
    write_predictions(folder / PREDICTIONS, predictions)
    write_text(folder / RUN, json.dumps(report, indent=2) + "\n")


def read_run(folder: Path) -> Run:
    """Raises DatasetError for a folder that `regcore run` has not written."""
    path = folder / RUN
    if not path.exists():
        raise DatasetError(f"{path}: there is no such file; 'regcore run' writes it")
    content = read_json(path, RunContent)
    if content.format is not None and content.format != json_form("run"):
        raise DatasetError(f"{path}: is of another version, or of another tool; run it again")
    try:
        return Run(folder, content, Recipe.from_dict(content.preprocessing))
    except RegcoreError as error:
        raise DatasetError(f"{path}: {error}") from error
