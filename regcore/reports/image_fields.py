"""Parts of the JSON of several commands: what became of images, and what was counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from regcore.evaluation.run_content import Clipped, Damaged, Failed, Rotated
from regcore.schemas.fields import Count, Percent, PercentPair, TopName, described
from regcore.scores.metric import MetricValue
from regcore.scores.ranks import Ties

FailedImages = Annotated[
    list[Failed],
    described("Images that could not be read; they are not among those that were counted."),
]
DamagedImages = Annotated[list[Damaged], described("Images that were counted, but are damaged.")]
RotatedImages = Annotated[
    list[Rotated],
    described("Images that were counted as they are stored, though EXIF wants them turned."),
]
ClippedImages = Annotated[
    list[Clipped],
    described(
        "Images that were counted, but have values of more than 8 bits, as 16-bit PNGs and float "
        "TIFFs: Pillow clips what is above 255."
    ),
]
TieRule = Annotated[Ties, described("Which of equal scores goes first.")]
TiedImages = Annotated[
    Count, described("Images for which another rule for ties could give another rank.")
]
NanImages = Annotated[Count, described("Images whose scores hold NaN.")]
Accuracies = Annotated[
    dict[TopName, Annotated[str, Meta(pattern=r"^[0-9]+\.[0-9]+%$")]],
    described(
        "Accuracies of the images that were counted, in percent, rounded to two places as text: "
        '{"Top1": "77.85%"}.'
    ),
]
AccuracyPercent = Annotated[
    dict[TopName, Percent | None],
    described("The same as numbers, not rounded; null where no image was counted."),
]
AccuracyIntervals = Annotated[
    Mapping[TopName, PercentPair],
    described("The 95 % interval of each, by Wilson, in percent."),
]
Metrics = Annotated[
    dict[str, Annotated[dict[str, MetricValue], Meta(min_length=1)]],
    Meta(min_length=1),
    described("The numbers of each metric that was asked for with --metric or --real, by name."),
]
