"""What `regcore run` leaves in its folder, and how to read it again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regcore.atomic import write_text
from regcore.decisions import DECISIONS, Decisions, read_decisions, write_decisions
from regcore.errors import DatasetError, RegcoreError
from regcore.recipe import Recipe

RUN = "run.json"
VERDICT = "verdict.json"  # written by regcore verdict


@dataclass(frozen=True)
class Run:
    """A run's own record.

    report: what `regcore run --json` prints. recipe: by which its images were made.
    """

    folder: Path
    report: dict[str, Any]
    recipe: Recipe

    @property
    def complete(self) -> bool:
        """Whether every image that was expected was counted."""
        return bool(self.report["complete"])

    @property
    def images(self) -> int:
        """How many images were evaluated."""
        return int(self.report["images"])

    @property
    def hits(self) -> int:
        """How many of them had their true class as the first choice."""
        hits = self.report["hits"]
        return int(hits[0]) if hits else 0

    @property
    def name(self) -> str:
        """What the recipe is of: the model's own name with its tag, or that of a preset."""
        return str(self.report["recipe"]).rpartition(" (")[0]

    def decisions(self) -> Decisions:
        """What was decided for each image. Raises DatasetError."""
        return read_decisions(self.folder / DECISIONS)


def write_run(folder: Path, report: dict[str, Any], decisions: Decisions) -> None:
    """Writes decisions.csv and run.json; report: with the recipe's fields as "preprocessing"."""
    write_decisions(folder / DECISIONS, decisions)
    write_text(folder / RUN, json.dumps(report, indent=2) + "\n")


def read_run(folder: Path) -> Run:
    """Raises DatasetError for a folder that `regcore run` has not written."""
    path = folder / RUN
    try:
        report = json.loads(path.read_bytes())
        run = Run(folder, report, Recipe.from_dict(report["preprocessing"]))
        _ = run.complete, run.images, run.hits, run.name
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}; 'regcore run' writes it") from error
    except (KeyError, TypeError, ValueError, RegcoreError) as error:
        raise DatasetError(f"{path}: not the record of a run ({error!r})") from error
    return run
