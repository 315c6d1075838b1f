"""Whether images of an evaluation are among those that its model was calibrated with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from regcore.api.labelled_data import LabelledData
from regcore.api.messages import Log
from regcore.api.photo_list import places_of
from regcore.calibration.content import same_contents
from regcore.calibration.folder import OTHERS
from regcore.calibration.input_range import range_doubt
from regcore.calibration.record import QuantizationRecord, RunQuantization, read_record
from regcore.counted import agreeing, counted
from regcore.errors import MismatchError
from regcore.models.metadata import ModelMetadata
from regcore.recipes.recipe import Recipe
from regcore.recipes.words import difference_words, differing_fields, in_any_pass_order

_NAMED = 3


def calibration_images_among(
    model: str,
    properties: Mapping[str, str],
    data: LabelledData,
    names: Sequence[str],
    *,
    recipe: Recipe,
    log: Log,
) -> tuple[str, ...] | None:
    """Those of the images `names` of `data` that the model's calibration had, by their content.

    properties: of the model's file. recipe: by which the model gets its images; that it is another
    than the calibration's is logged; of a model that does not say what it was calibrated with, and
    for which this returns None, that the range of its input does not fit. Photos are compared by
    their bytes, images of a store by their values.
    """
    record = read_record(model, properties)
    if record is None:
        if doubt := range_doubt(model, recipe):
            log(doubt)
        return None
    same_recipe = _is_of(record, recipe)
    if not same_recipe:
        log(
            f"{model} was calibrated with images of the recipe {record.recipe_identity}, and gets "
            f"those of {recipe.identity}{_named_difference(model, properties, record, recipe)}: "
            "its 8 bits are for other values"
        )
    if data.store is not None:
        if not same_recipe:
            log(f"{data.store.folder}: whether images of the calibration are among them is unknown")
            return None
        known = np.array(sorted(record.values), np.uint64)
        rows = np.asarray(places_of(data.store.listed, names), np.intp)
        found = np.flatnonzero(np.isin(data.store.checksums[rows], known)).tolist()
    elif data.source is not None:
        places = places_of(data.source.names, names)
        seen = set(same_contents(data.source, places, record.contents))
        found = [row for row, place in enumerate(places) if place in seen]
    else:
        return None
    return tuple(names[row] for row in found)


def quantization_of(model: str, properties: Mapping[str, str]) -> RunQuantization | None:
    """What the properties of a model's file say of its quantisation; None where they do not."""
    record = read_record(model, properties)
    return None if record is None else record.summary()


def seen_words(model: str, seen: Sequence[str], images: int) -> str:
    """That some images of an evaluation were those of the calibration, for people."""
    named = ", ".join(seen[:_NAMED]) + (", ..." if len(seen) > _NAMED else "")
    return (
        f"{len(seen)} of the {counted(images, 'image')} {agreeing(len(seen), 'is', 'are')} among "
        f"those that {model} was calibrated with ({named})"
    )


def tell_seen(model: str, seen: Sequence[str] | None, images: int, log: Log) -> None:
    """Says that an accuracy is one of images that the model has seen, where that is so."""
    if seen:
        log(
            f"{seen_words(model, seen, images)}: its accuracy on others may be lower; 'regcore "
            f"calibrate' has left the names of the others in {OTHERS}, for --list"
        )


def refuse_seen(model: str, seen: Sequence[str] | None, images: int) -> None:
    """Raises MismatchError where a certificate would be of images that the model has seen."""
    if seen:
        raise MismatchError(
            f"{seen_words(model, seen, images)}, and a certificate would not be of others; "
            f"'regcore calibrate' has left the names of the others in {OTHERS}, for --list"
        )


def _named_difference(
    model: str, properties: Mapping[str, str], record: QuantizationRecord, recipe: Recipe
) -> str:
    """In what the recipe differs from the calibration's, where that is the one in the file."""
    own = ModelMetadata.from_properties(model, properties)
    if own is None or not _is_of(record, own.recipe):
        return ""
    return f" ({difference_words(differing_fields(own.recipe, recipe))})"


def _is_of(record: QuantizationRecord, recipe: Recipe) -> bool:
    """Whether a recipe is the calibration's, in the form in which the quantised ONNX file takes it.

    A device's model may take pixels, which it normalises itself.
    """
    forms = [recipe, *(recipe.in_form("float32", layout) for layout in ("nchw", "nhwc"))]
    known = {one.identity for form in forms for one in in_any_pass_order(form)}
    return record.recipe_identity in known
