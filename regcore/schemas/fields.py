"""Types of the values in regcore's JSON, with the bounds and words that the schemas publish.

A form is a dataclass, beside the code that writes it, whose fields have such types; an optional key
is of `... | UnsetType` and left out while it is UNSET.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from regcore.schemas import Format


def described(text: str) -> Meta:
    """What a value is, for the schema."""
    return Meta(description=text)


def published(**keywords: object) -> Meta:
    """What the schema says beyond the type, and no reader checks."""
    return Meta(extra_json_schema=keywords)


def one_of(choices: Sequence[object]) -> Meta:
    """The values that there are, where they are listed elsewhere."""
    return published(enum=list(choices))


@dataclass(frozen=True)
class Formatted:
    """The head of a form whose other fields are those of another dataclass."""

    format: Format


Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
#: A time, a rate, or how far two values are apart.
Amount = Annotated[float, Meta(ge=0)]
Percent = Annotated[float, Meta(ge=0, le=100)]
Pair = Annotated[Sequence[float], Meta(min_length=2, max_length=2)]
PercentPair = Annotated[Sequence[Percent], Meta(min_length=2, max_length=2)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
RecipeIdentity = Annotated[str, Meta(pattern="^[0-9a-f]{12}$")]
TopName = Annotated[str, Meta(pattern="^Top[1-9][0-9]*$")]
StageName = Annotated[str, Meta(pattern="^[a-z]+$")]

ModelName = Annotated[str, described("The model, as it was given.")]
BackendName = Annotated[str, described("The runtime and its version.")]
ProviderName = Annotated[
    str, described("What really ran in it, with the precision where float32 was computed in less.")
]
RecipeName = Annotated[
    str,
    described("Name and identity of the preprocessing, as in `regnety_016 (a51a93e2cf55)`."),
]
RecipeOrigin = Annotated[
    str,
    one_of(["model", "--recipe", "store", "default"]),
    described(
        "Who says the recipe: the model itself, the option --recipe, the store, or nobody: "
        "the guide's own."
    ),
]
BatchSize = Annotated[Positive, described("Images to a batch.")]
Workers = Annotated[Positive, described("Threads that preprocess.")]
InterfaceRate = Annotated[
    Amount | None,
    described(
        "Images/s of one device inside the model's execution only: the benchmark tool's "
        "interface rate; null where nothing ran."
    ),
]


def as_dict(form: object) -> dict[str, Any]:
    """A form as what json.loads gives of its text, its keys in the order of the fields."""
    content: dict[str, Any] = _with_lists(msgspec.to_builtins(form, enc_hook=_plain))
    return content


def _with_lists(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _with_lists(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        if value and isinstance(value[0], (dict, list, tuple)):
            return [_with_lists(part) for part in value]
        return list(value)  # columns of numbers may be long
    return value


def _plain(value: object) -> float:
    if isinstance(value, float):  # one of NumPy's
        return float(value)
    raise NotImplementedError(type(value))
