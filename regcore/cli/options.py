"""Options that several commands share."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regcore._native.choices import DTYPES, LAYOUTS, MAX_PIXELS, MAX_SCANS, ON_WARNING
from regcore.cli.console import tell
from regcore.errors import UsageError
from regcore.scores.registry import metric_names

if TYPE_CHECKING:
    from regcore.backends.protocol import Backend
    from regcore.images.recipe import Recipe
    from regcore.models.metadata import ModelMetadata
    from regcore.store.reader import Store

DEFAULT_RECIPE = "regnety_016"

_MODEL_SUFFIXES = (".onnx", ".om", ".engine", ".pth", ".safetensors")

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 2**10, "mi": 2**20, "gi": 2**30}


def byte_size(text: str) -> int:
    """The type of options such as 512MiB, 4GB or 1000000: a number of bytes."""
    given = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) *([kmg]i?|)b?", text.strip().lower())
    if given is None:
        raise click.BadParameter(f"{text!r} is not a size such as 512MiB or 4GB")
    return int(float(given[1]) * _UNITS[given[2]])


class FiniteFloat(click.FloatRange):
    """A number in a range; NaN, which every comparison lets pass, and infinity are none."""

    def convert(
        self,
        value: Any,  # noqa: ANN401
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """See click.ParamType."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


def batch_sizes(text: str) -> tuple[int, ...]:
    """The type of options such as 1,4,8,16."""
    try:
        sizes = tuple(int(size) for size in text.split(","))
    except ValueError:
        sizes = ()
    if not sizes or min(sizes) < 1:
        raise click.BadParameter(f"{text!r} is not a list such as 1,4,8,16") from None
    return sizes


_RECIPE_OPTIONS = (
    click.option(
        "--recipe",
        "recipe_name",
        metavar="NAME",
        help="How the model wants its images: size, crop, filter, mean and std.  [default: what "
        "the model itself says]",
    ),
    click.option(
        "--dtype",
        type=click.Choice(DTYPES),
        help="Instead of the recipe's; uint8 leaves mean and std to the device.",
    ),
    click.option("--layout", type=click.Choice(LAYOUTS), help="Instead of the recipe's."),
)

# Named as the keyword arguments of Preprocessor.
_SETTINGS = (
    click.option(
        "--workers",
        type=click.IntRange(min=1),
        help="Preprocessing threads.  [default: one for each CPU]",
    ),
    click.option(
        "--full-decode",
        is_flag=True,
        help="Decode whole JPEGs, not just what the crop needs; the pixels are the same.",
    ),
    click.option(
        "--memory",
        type=byte_size,
        metavar="SIZE",
        help="Bound of what all images in work hold together, e.g. 4GiB; large ones wait for each "
        "other, or are refused by name.  [default: none]",
    ),
    click.option(
        "--max-file-bytes",
        type=byte_size,
        metavar="SIZE",
        default="1GiB",
        show_default=True,
        help="Larger image files are refused.",
    ),
    click.option(
        "--max-pixels",
        type=click.IntRange(min=1),
        default=MAX_PIXELS,
        show_default=f"Pillow's limit, {MAX_PIXELS}",
        help="Larger images are refused.",
    ),
    click.option(
        "--max-scans",
        type=click.IntRange(min=1),
        default=MAX_SCANS,
        show_default=True,
        help="Progressive JPEGs with more scans are refused.",
    ),
    click.option(
        "--on-warning",
        type=click.Choice(ON_WARNING),
        default="report",
        show_default=True,
        help="Damage that libjpeg repairs: count it, or refuse such images; ignore is 5 % faster, "
        "as it does not look behind the part that is decoded.",
    ),
)
_SETTING_NAMES = (
    "workers",
    "full_decode",
    "memory",
    "max_file_bytes",
    "max_pixels",
    "max_scans",
    "on_warning",
)

#: For commands that read stores.
verify_option = click.option(
    "--no-verify",
    "verify",
    flag_value=False,
    default=True,
    help="Do not look at the checksums of a store's values.",
)

metric_option = click.option(
    "--metric",
    "metrics",
    multiple=True,
    type=click.Choice(metric_names()),
    help="Also measure this, beside TopN; can be given several times.",
)

_JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def preprocess_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options that say how images are preprocessed.

    Those that choose a recipe come one by one, for chosen_recipe; the others together, as the
    dictionary `settings` of keyword arguments for Preprocessor.
    """

    @wraps(command)
    def with_settings(**options: object) -> None:
        settings = {name: options.pop(name) for name in _SETTING_NAMES}
        command(**options, settings=settings)

    decorated: Callable[..., None] = with_settings
    for option in reversed((*_RECIPE_OPTIONS, *_SETTINGS, _JSON_OPTION)):
        decorated = option(decorated)
    return decorated


def chosen_recipe(
    name: str | None, dtype: str | None, layout: str | None, own: ModelMetadata | None = None
) -> tuple[str, Recipe]:
    """The recipe to use and what to call it: the preset `name`, else the model's own.

    own: what the model says of itself. Where `name` is given too, it decides, save for dtype and
    layout; in what it differs goes to stderr. dtype and layout, where given, hold in any case.
    """
    from regcore.images.recipe import Recipe

    if own is not None and name is None:
        label, recipe = own.name or "the model's own", own.recipe
    else:
        label = name or DEFAULT_RECIPE
        recipe = Recipe.preset(label)
    if own is not None and name is not None:
        recipe = replace(recipe, dtype=own.recipe.dtype, layout=own.recipe.layout)
        _tell_differences(name, recipe, own.recipe)
    changes: dict[str, Any] = {"dtype": dtype, "layout": layout}
    return label, replace(recipe, **{k: v for k, v in changes.items() if v is not None})


def _tell_differences(name: str, recipe: Recipe, own: Recipe) -> None:
    wanted = own.to_dict()
    differing = [
        f"{field} {value} instead of {wanted[field]}"
        for field, value in recipe.to_dict().items()
        if value != wanted[field]
    ]
    if differing:
        tell(f"--recipe {name} is not what the model itself wants: {', '.join(differing)}")


@dataclass(frozen=True)
class RecipeChoice:
    """The recipe by which a model gets its images.

    name: what to call it. origin: who says so: "--recipe", the "model", the "store", or nobody,
    which is the guide's own as a "default".
    """

    name: str
    recipe: Recipe
    origin: str

    @property
    def label(self) -> str:
        """Name and identity."""
        return f"{self.name} ({self.recipe.identity})"


def recipe_for(
    model: str,
    backend: Backend,
    store: Store | None,
    chosen: tuple[str | None, str | None, str | None],
    *,
    shape_only: bool = False,
) -> RecipeChoice:
    """The recipe by which a model gets its images, and where that comes from.

    chosen: the options --recipe, --dtype and --layout. Without --recipe it is what the model says
    of itself, else that of the store; a simulated device, and a use in which only the shape of the
    images counts (shape_only), has the guide's. dtype and layout are those of the model's input,
    where it has them. Raises UsageError where nobody says the recipe, MismatchError where the store
    has another, and BackendError where the model cannot take its images.
    """
    from regcore.backends.recipe_fit import check_recipe, in_form_of
    from regcore.models.metadata import ModelMetadata

    name, dtype, layout = chosen
    own = ModelMetadata.from_properties(model, backend.metadata)
    origin = "--recipe" if name is not None else "default" if own is None else "model"
    if own is None and name is None:
        if store:
            _check_chosen(store)
            own, origin = ModelMetadata(store.recipe, "the store's"), "store"
        elif backend.inputs[0].shape is not None:
            if not shape_only:
                raise UsageError(
                    f"{model}: does not say how it wants its images; say it with --recipe NAME, "
                    "or take a model that 'regcore export' made"
                )
            tell(f"{model} does not say how it wants its images: taking --recipe {DEFAULT_RECIPE}")
    label, recipe = chosen_recipe(name, None, None, own)
    taken = in_form_of(recipe, backend.inputs[0])
    if taken != recipe and (dtype, layout) == (None, None):
        tell(
            f"{model} takes {taken.dtype} {taken.layout}, instead of {label}'s {recipe.dtype} "
            f"{recipe.layout}"
        )
    changes: dict[str, Any] = {"dtype": dtype, "layout": layout}
    recipe = replace(taken, **{k: v for k, v in changes.items() if v is not None})
    if store:
        store.check_recipe(recipe)
    check_recipe(backend, recipe)
    for doubt in backend.doubts:
        tell(doubt)
    return RecipeChoice(label, recipe, origin)


def _check_chosen(store: Store) -> None:
    """A default that nobody chose when the store was made is no choice later, either."""
    if store.manifest.description.recipe_chosen is False:
        raise UsageError(
            f"{store.folder}: nobody chose its recipe, it is the guide's by default; "
            "confirm it with --recipe NAME"
        )


def check_not_swapped(model: str, images: Path) -> None:
    """Raises UsageError where MODEL and IMAGES stand in each other's place."""
    if Path(model).is_dir() and images.suffix in _MODEL_SUFFIXES:
        raise UsageError(
            f"{model} is a folder and {images} looks like a model: MODEL comes first, then IMAGES"
        )
