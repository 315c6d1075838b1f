"""What the classes of a run's model are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regcore.errors import BackendError, UsageError
from regcore.evaluation.run_content import RunContent
from regcore.models.class_names import names_of_classes
from regcore.models.timm.class_names import imagenet_names
from regcore.scores.topk import NO_PREDICTION

_IMAGENET_TAG = "in1k"


@dataclass(frozen=True)
class Names:
    """Descriptions of the classes by number; none where they are not known."""

    descriptions: Sequence[str]

    def __call__(self, number: int) -> str:
        """`great white shark`, or `class 2`."""
        if number == NO_PREDICTION:
            return "nothing (all scores are NaN)"
        if 0 <= number < len(self.descriptions):
            return self.descriptions[number].split(",", 1)[0]
        return f"class {number}"


def class_names(
    run: RunContent, record: Mapping[str, Any], given: Sequence[str] | None = None
) -> Names:
    """The names that are given, or the run's own, or ImageNet's, else numbers.

    ImageNet's are those of a run whose model is known to answer with its classes: a thousand
    outputs alone prove nothing; the tag of timm's weights (`..._in1k`) says it. record: all of
    run.json.
    """
    if given is not None:
        return Names(given)
    own = record.get("class_names")
    if isinstance(own, list) and len(own) == run.classes and all(isinstance(n, str) for n in own):
        return Names(own)
    tag = run.recipe.partition(" ")[0].partition(".")[2]
    if not tag.endswith(_IMAGENET_TAG):
        return Names([])
    try:
        return Names(names_of_classes(imagenet_names(), run.classes, "ImageNet"))
    except (BackendError, UsageError):
        return Names([])
