"""What the classes of a run's model are called."""

from __future__ import annotations

from dataclasses import dataclass

from regcore.errors import RegcoreError
from regcore.evaluation.run_content import RunContent
from regcore.scores.topk import NO_PREDICTION

_IMAGENET_CLASSES = 1000


@dataclass(frozen=True)
class Names:
    """Descriptions of the classes by number; none where they are not known."""

    descriptions: list[str]

    def __call__(self, number: int) -> str:
        """`great white shark`, or `class 2`."""
        if number == NO_PREDICTION:
            return "nothing (all scores are NaN)"
        if 0 <= number < len(self.descriptions):
            return self.descriptions[number].split(",", 1)[0]
        return f"class {number}"


def class_names(run: RunContent) -> Names:
    """ImageNet's names where the run's model is known to answer with its classes, else numbers.

    A thousand outputs alone prove nothing; the tag of timm's weights (`..._in1k`) says it. With
    1001 classes the first is the background.
    """
    tag = run.recipe.partition(" ")[0].partition(".")[2]
    background = ["background"] * (run.classes - _IMAGENET_CLASSES)
    if not tag.endswith("in1k") or not 0 <= run.classes - _IMAGENET_CLASSES <= 1:
        return Names([])
    try:
        from regcore.models.timm.architectures import imagenet_class_names

        return Names([*background, *imagenet_class_names()])
    except RegcoreError:
        return Names([])
