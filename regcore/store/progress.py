"""What a run has done so far, and when it has seen too many bad images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from regcore.counted import agreeing, counted
from regcore.errors import DatasetError, DecodeError
from regcore.images.diagnostics import Diagnostic
from regcore.images.preprocessor import Progress


class TooManyBadError(DatasetError):
    """More images failed than were allowed; `errors` has those that are known."""

    def __init__(self, errors: Sequence[DecodeError], limit: int) -> None:
        super().__init__(
            f"stopped at {counted(len(errors), 'bad image')}, {limit} "
            f"{agreeing(limit, 'is', 'are')} allowed; the first is {errors[0]}"
        )
        self.errors = tuple(errors)


@dataclass
class Tally:
    """Counts of a run, and whom to tell.

    kept: images verified and left alone; written: images made in this run, recorded: of these,
    those that the next run will find; errors: the others.
    diagnostics: kept or written, but damaged, rotated or clipped.
    stage_seconds: what the workers of portions spent in each stage.
    max_bad: how many of those are allowed, None for any number.
    """

    max_bad: int | None = None
    progress: Progress | None = None
    kept: int = 0
    written: int = 0
    recorded: int = 0
    errors: list[DecodeError] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    stage_seconds: dict[str, float] = field(default_factory=dict)

    def running(self, done: int, failed: int) -> bool:
        """Reports a part in work, to which these numbers apply; True if the run must stop."""
        bad = len(self.errors) + failed
        if self.progress is not None:
            self.progress(self.kept + self.written + len(self.errors) + done, bad)
        return self._too_many(bad)

    def add(
        self, written: int, errors: Sequence[DecodeError], diagnostics: Sequence[Diagnostic]
    ) -> None:
        """Counts a part that has ended. Raises TooManyBadError: it may have ended early."""
        self.written += written
        self.diagnostics += diagnostics
        self.errors += errors
        if self.max_bad is not None and self._too_many(len(self.errors)):
            raise TooManyBadError(self.errors, self.max_bad)

    def _too_many(self, bad: int) -> bool:
        return self.max_bad is not None and bad > self.max_bad
