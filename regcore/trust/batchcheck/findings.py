"""What each check has compared, and how far the scores were apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from regcore.schemas.fields import Amount, Count, described

#: In the order in which they run.
CheckName = Literal["repeat", "queue", "slots", "neighbours", "padding", "sizes"]
WORDS: dict[CheckName, str] = {
    "repeat": "the same batch again",
    "queue": "batches in a queue",
    "slots": "in every slot",
    "neighbours": "beside other images",
    "padding": "in a padded batch",
    "sizes": "in smaller batches",
}


@dataclass(frozen=True)
class CheckFound:
    """One check."""

    name: Annotated[CheckName, described("What was changed around an image.")]
    compared: Annotated[Count, described("Scores of an image that were compared; 0: not checked.")]
    equal: Annotated[Count, described("Of them, those that were equal to the last bit.")]
    largest: Annotated[Amount, described("The largest difference of a score.")]
    relative: Annotated[Amount, described("The same as a part of the largest score.")]
    flips: Annotated[Count, described("Images whose first choice was another.")]
    not_finite: Annotated[Count, described("Images that got NaN or infinity for their scores.")]
    worst: Annotated[str, described("Where the scores were furthest apart; empty where equal.")]
    why_not: Annotated[str, described("Why nothing was compared; empty where it was.")]

    def passes(self, limit: float) -> bool | None:
        """Whether no choice flips and no score is further off; None where nothing was compared."""
        if not self.compared:
            return None
        return not self.flips and not self.not_finite and self.relative <= limit
