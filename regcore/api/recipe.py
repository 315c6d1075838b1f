"""Recipes of models, stores and spellings: what they are, in what they differ, and into a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from regcore.api.messages import Log, no_log
from regcore.backends.recipe_fit import check_image, form_change, in_form_of
from regcore.backends.registry import kind_of
from regcore.convert.inspect import inspect_model
from regcore.convert.onnx.embed import embed_in_onnx
from regcore.errors import UsageError
from regcore.files.arguments import as_path
from regcore.files.output_guard import Output, check_outputs
from regcore.models.build_record import BuildRecord, is_record, record_path, write_record
from regcore.models.metadata import ModelMetadata, is_exported
from regcore.models.tensors import TensorSpec
from regcore.recipes.recipe import Recipe
from regcore.recipes.spelling import SOURCES, NamedRecipe, parse_recipe
from regcore.recipes.words import in_words
from regcore.sources.protocol import is_url
from regcore.store.presence import holds_store
from regcore.store.reader import open_store


def find_recipe(what: str | Path | Recipe) -> NamedRecipe:
    """The recipe that a spelling, a model file, or the folder or URL of a store has.

    Raises UsageError where there is none, and what reading the file raises.
    """
    if isinstance(what, Recipe):
        return NamedRecipe("the caller's", what)
    path = as_path("a recipe", what)
    if is_url(str(what)):
        return NamedRecipe(str(what), open_store(str(what)).recipe)
    if path.is_dir() and holds_store(path):
        return NamedRecipe(str(what), open_store(path).recipe)
    if path.is_file() and (path.suffix.lower() == ".onnx" or kind_of(path) is not None):
        metadata = inspect_model(path).metadata
        if metadata is None:
            raise UsageError(
                f"{path}: does not say how it wants its images; 'regcore recipe embed' writes it in"
            )
        return NamedRecipe(metadata.name or str(what), metadata.recipe)
    return parse_recipe(str(what))


def embed_recipe(
    recipe: str | Recipe,
    model: str | Path,
    out: str | Path | None = None,
    *,
    force: bool = False,
    log: Log = no_log,
) -> Recipe:
    """Writes a recipe into an .onnx file, or into the record beside an .om or .engine.

    recipe: see parse_recipe; in dtype and layout it follows the model, which is logged.
    out: another .onnx file to write, by default the model itself. force: replace another recipe
    that is there, or a file at `out` that regcore did not write.

    Returns what was written. Raises UsageError where the model has another recipe, or nothing can
    be written into it, and BackendError where it does not take the recipe's images.
    """
    path = as_path("model", model)
    target = path if out is None else as_path("out", out)
    facts = inspect_model(path)
    named = find_recipe(recipe)
    if not facts.inputs:
        raise UsageError(f"{path}: nothing is known of its input")
    image: TensorSpec = facts.inputs[0]
    taken = in_form_of(named.recipe, image)
    check_image(image, taken)
    if taken != named.recipe:
        log(f"{path} {form_change(named.name, named.recipe, taken)}")
    old = facts.metadata
    if old is not None and old.recipe != taken and not force:
        raise UsageError(
            f"{path}: has another recipe ({old.recipe.identity}, see 'regcore recipe diff'); "
            "--force replaces it"
        )
    metadata = ModelMetadata(taken) if old is None else replace(old, recipe=taken)
    if facts.onnx is not None:
        if target != path:
            outputs = [Output(target, recognise_file=is_exported)]
            check_outputs(outputs, facts.onnx.files, force=force)
        embed_in_onnx(facts.onnx, metadata, target)
        return taken
    if facts.record is None or out is not None:
        raise UsageError(
            f"{path}: its recipe lies in its record {record_path(path).name}, "
            + ("which is not there: convert it by regcore" if facts.record is None else "not in -o")
        )
    _embed_in_record(facts.record, metadata, path)
    return taken


def _embed_in_record(record: BuildRecord, metadata: ModelMetadata, model: Path) -> None:
    check_outputs([Output(record_path(model), is_record)])
    properties = {**record.properties, **metadata.to_properties()}
    write_record(replace(record, properties=properties), model)


def presets_and_sources() -> list[tuple[str, str]]:
    """What --recipe takes: an example of each spelling, and what it is."""
    listed = [(name, in_words(Recipe.preset(name))) for name in Recipe.presets()]
    listed += [(source.example, source.contents) for source in SOURCES.values()]
    listed += [
        ("timm:resnet50.a1_in1k,exif=apply", "any of these, with other values of some fields"),
        ("FILE.json, FILE.toml", "the fields of a recipe, as 'regcore recipe show --json' writes"),
        (
            "resize=256,crop=224,filter=bilinear,mean=0.485,0.456,0.406,std=0.229,0.224,0.225",
            "these five at least; others too, see 'regcore schema recipe'",
        ),
    ]
    return listed
