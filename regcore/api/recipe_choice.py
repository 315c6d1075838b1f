"""The recipe by which a model gets its images, and who says so."""

from __future__ import annotations

from dataclasses import dataclass, replace

from regcore.api.messages import Log
from regcore.backends.protocol import Backend
from regcore.backends.recipe_fit import check_recipe, form_change, in_form_of
from regcore.errors import UsageError
from regcore.models.metadata import ModelMetadata
from regcore.models.tensors import TensorSpec
from regcore.recipes.recipe import Recipe
from regcore.recipes.spelling import NamedRecipe, parse_recipe
from regcore.recipes.words import difference, difference_words
from regcore.store.reader import Store

#: The recipe of the guide's own script.
GUIDES_RECIPE = "regnety_016"


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


def choose_recipe(
    wanted: str | Recipe | None,
    own: ModelMetadata | None,
    log: Log,
    *,
    dtype: str | None = None,
    layout: str | None = None,
) -> tuple[str, Recipe]:
    """The recipe to use and what to call it: `wanted`, see parse_recipe, else the model's own.

    own: what the model says of itself. Where `wanted` is given too, it decides, save for dtype and
    layout; in what it differs is logged. dtype and layout, where given, hold in any case.
    """
    if own is not None and wanted is None:
        return own.name or "the model's own", _changed(own.recipe, dtype, layout)
    if isinstance(wanted, Recipe):
        named = NamedRecipe("the caller's", wanted)
    else:
        named = parse_recipe(GUIDES_RECIPE if wanted is None else wanted)
    recipe = named.recipe
    if own is not None:
        recipe = _in_form_of(own.recipe, recipe)
        if (recipe.dtype, recipe.layout) != (named.recipe.dtype, named.recipe.layout):
            log(f"the model {form_change(named.name, named.recipe, recipe)}")
        _log_differences(named.name, recipe, own.recipe, log)
    return named.name, _changed(recipe, dtype, layout)


def recipe_for_input(
    model: object,
    wanted: str | Recipe | None,
    own: ModelMetadata | None,
    image: TensorSpec,
    log: Log,
    *,
    dtype: str | None = None,
    layout: str | None = None,
) -> tuple[str, Recipe]:
    """The same in the form of the model's image input, save for dtype and layout where given."""
    label, chosen = choose_recipe(wanted, own, log)
    taken = in_form_of(chosen, image)
    if taken != chosen and (dtype, layout) == (None, None):
        log(f"{model} {form_change(label, chosen, taken)}")
    return label, _changed(taken, dtype, layout)


def recipe_for(
    model: str,
    backend: Backend,
    store: Store | None,
    log: Log,
    *,
    recipe: str | Recipe | None = None,
    dtype: str | None = None,
    layout: str | None = None,
    shape_only: bool = False,
) -> RecipeChoice:
    """The recipe by which a model gets its images, and where that comes from.

    recipe, dtype, layout: see RecipeOptions. Without `recipe` it is what the model says of itself,
    else that of the store; a simulated device, and a use in which only the shape of the images
    counts (shape_only), has the guide's. dtype and layout are those of the model's input, where it
    has them. Raises UsageError where nobody says the recipe, MismatchError where the store has
    another, and BackendError where the model cannot take its images.
    """
    own = ModelMetadata.from_properties(model, backend.metadata)
    origin = "--recipe" if recipe is not None else "default" if own is None else "model"
    if own is None and recipe is None:
        if store:
            _check_chosen(store)
            own, origin = ModelMetadata(store.recipe, "the store's"), "store"
        elif backend.inputs[0].shape is not None:
            if not shape_only:
                raise UsageError(
                    f"{model}: does not say how it wants its images; say it with --recipe RECIPE, "
                    "or take a model that 'regcore export' made"
                )
            log(f"{model} does not say how it wants its images: taking --recipe {GUIDES_RECIPE}")
    label, taken = recipe_for_input(
        model, recipe, own, backend.inputs[0], log, dtype=dtype, layout=layout
    )
    if store:
        store.check_recipe(taken)
    check_recipe(backend, taken)
    for doubt in backend.doubts:
        log(doubt)
    return RecipeChoice(label, taken, origin)


def _changed(recipe: Recipe, dtype: str | None, layout: str | None) -> Recipe:
    return recipe.in_form(dtype, layout)


def _in_form_of(own: Recipe, recipe: Recipe) -> Recipe:
    """`recipe` with the model's own dtype, layout and steps of quantised values."""
    return replace(
        recipe,
        dtype=own.dtype,
        layout=own.layout,
        quant_scale=own.quant_scale,
        quant_zero_point=own.quant_zero_point,
    )


def _log_differences(name: str, recipe: Recipe, own: Recipe, log: Log) -> None:
    if differing := difference_words(difference(own, recipe).fields):
        log(f"--recipe {name} is not what the model itself wants: {differing}")


def _check_chosen(store: Store) -> None:
    """A default that nobody chose when the store was made is no choice later, either."""
    if store.manifest.description.recipe_chosen is False:
        raise UsageError(
            f"{store.folder}: nobody chose its recipe, it is the guide's by default; "
            "confirm it with --recipe RECIPE"
        )
