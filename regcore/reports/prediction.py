"""What a model takes photos for, as JSON and as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from regcore.evaluation.run_content import Failed
from regcore.images.diagnostics import Diagnostic, diagnostics_dict
from regcore.reports.image_fields import ClippedImages, DamagedImages, FailedImages, RotatedImages
from regcore.reports.printable import printable
from regcore.schemas import Format, json_form
from regcore.schemas.fields import (
    BackendName,
    Count,
    ModelName,
    ProviderName,
    RecipeName,
    RecipeOrigin,
    as_dict,
    described,
)

if TYPE_CHECKING:
    from rich.table import Table

#: Who says the names of the classes.
NamesOrigin = Literal["file", "model", "imagenet"]


@dataclass(frozen=True)
class Choice:
    """One of the best classes of a photo."""

    index: Annotated[Count, described("Of the class.")]
    name: Annotated[str | None, described("Of the class; null where nobody says it.")]
    score: Annotated[float | None, described("The model's own; null where it is infinite.")]
    probability: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None,
        described(
            "By softmax, unless the scores are probabilities; null where there is none, as of "
            "scores between 0 and 1 that do not add up to 1."
        ),
    ]


@dataclass(frozen=True)
class PhotoChoices:
    """A photo and its best classes."""

    image: Annotated[str, described("The photo, as it was given, or below the folder.")]
    best: Annotated[tuple[Choice, ...], described("The best classes, the best one first.")]


@dataclass(frozen=True, kw_only=True)
class PredictForm:
    """What a model takes photos for."""

    format: Format
    complete: Annotated[bool, described("Whether there is an answer to every photo.")]
    model: ModelName
    backend: BackendName
    provider: ProviderName
    recipe: RecipeName
    recipe_from: RecipeOrigin
    names_from: Annotated[
        NamesOrigin | None,
        described(
            "Who says the names of the classes: a file, the model, or ImageNet's list; null where "
            "nobody does."
        ),
    ]
    photos: Annotated[
        Sequence[PhotoChoices],
        described("The answers in the order of the photos, without those that failed."),
    ]
    failed: FailedImages
    damaged: DamagedImages
    rotated: RotatedImages
    clipped: ClippedImages


def to_dict(
    photos: Sequence[PhotoChoices],
    failed: Iterable[Failed],
    diagnostics: Sequence[Diagnostic],
    about: dict[str, Any],
) -> dict[str, Any]:
    """The answers for machines. about: the other fields of PredictForm."""
    unread = list(failed)
    form = PredictForm(
        format=json_form("predict"),
        complete=not unread,
        photos=photos,
        failed=unread,
        **diagnostics_dict(diagnostics),
        **about,
    )
    return as_dict(form)


HEADER = ("photo", "class", "name", "probability", "score")


def rows_of_texts(photos: Iterable[PhotoChoices]) -> list[tuple[str, ...]]:
    """The answers for people, one a row, under HEADER; a photo's name is in its first row."""
    rows: list[tuple[str, ...]] = []
    for photo in photos:
        named = printable(photo.image)
        for choice in photo.best:
            rows.append(
                (
                    named,
                    str(choice.index),
                    printable(choice.name or ""),
                    "" if choice.probability is None else f"{100 * choice.probability:.2f} %",
                    "" if choice.score is None else f"{choice.score:.4g}",
                )
            )
            named = ""
        if not photo.best:
            rows.append((named, "", "no scores but NaN", "", ""))
    return rows


def to_table(photos: Iterable[PhotoChoices]) -> Table:
    """The same as a rich table."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE)
    for title in HEADER[:3]:
        table.add_column(title, overflow="fold", justify="right" if title == "class" else "left")
    for title in HEADER[3:]:
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows_of_texts(photos):
        if row[0] and table.rows:
            table.add_section()
        table.add_row(*map(escape, row))
    return table
