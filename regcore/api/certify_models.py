"""The models that a certificate is about, opened: the port, and the reference beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from regcore.api.certify_subjects import LiveModel
from regcore.api.labelled_data import LabelledData
from regcore.api.messages import Log
from regcore.api.model import batch_size_for, check_several_classes, open_model
from regcore.api.options import PreprocessorOptions, RecipeOptions, select
from regcore.api.recipe_choice import recipe_for
from regcore.errors import ScoreOutputError
from regcore.images.preprocessor import Preprocessor
from regcore.inference.device_timeout import DEVICE_TIMEOUT


@contextmanager
def live_model(
    model: str, data: LabelledData, log: Log, options: Mapping[str, Any]
) -> Iterator[LiveModel]:
    """Opens a model for the images of `data`, for the block."""
    with open_model(model, options) as backend:  # type: ignore[arg-type]
        check_several_classes(model, backend)
        choice = recipe_for(model, backend, data.store, log, **select(options, RecipeOptions))
        yield LiveModel(
            model=model,
            backend=backend,
            preprocessor=Preprocessor(choice.recipe, **select(options, PreprocessorOptions)),
            recipe=choice.label,
            data=data,
            batch_size=batch_size_for(backend, options.get("batch_size"), log),
            device_timeout=options.get("device_timeout", DEVICE_TIMEOUT),
        )


@contextmanager
def reference_model(
    model: str, data: LabelledData, log: Log, options: Mapping[str, Any], output: str | None
) -> Iterator[LiveModel]:
    """The same of the reference, which runs on its default device.

    options: the port's. output: the reference's, which has an option of its own.
    """
    kept = {"batch_size", "recipe", "device_timeout", *PreprocessorOptions.__optional_keys__}
    theirs = {name: value for name, value in options.items() if name in kept}
    with ExitStack() as opened:
        try:
            reference = opened.enter_context(
                live_model(model, data, log, {**theirs, "output": output})
            )
        except ScoreOutputError as error:
            raise ScoreOutputError(error.detail, error.outputs, "--reference-output") from None
        yield reference
