"""Whether an image has the same scores wherever it stands in a batch."""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regcore.api.inference_inputs import open_inputs
from regcore.api.messages import Log, no_log
from regcore.api.model import about_model, batch_size_for, check_not_swapped, open_model
from regcore.api.options import (
    ModelOptions,
    PreprocessorOptions,
    RecipeOptions,
    check_names,
    existing_images,
    select,
)
from regcore.api.recipe_choice import recipe_for
from regcore.backends.protocol import Backend
from regcore.counted import counted
from regcore.errors import DatasetError, UsageError
from regcore.inference.device_timeout import DEVICE_TIMEOUT
from regcore.inference.inputs.source import Inputs
from regcore.reports.batchcheck import Outcome, to_dict
from regcore.trust.batchcheck.checks import run_checks
from regcore.trust.batchcheck.findings import CheckFound
from regcore.trust.batchcheck.timed_backend import TimedBackend

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: Of the largest score: far above the roundings of float32, below what moves an accuracy.
MAX_DIFFERENCE = 1e-3


@dataclass(frozen=True)
class CheckedBatches:
    """What check_batches has found.

    about: the model, its backend and provider, in words. images: where they are from.
    """

    checks: tuple[CheckFound, ...]
    about: dict[str, str]
    batch_size: int
    images: str
    max_difference: float

    @property
    def outcome(self) -> Outcome:
        """FAIL if any check fails, UNDECIDED where nothing but repeats could be compared."""
        passes = {check.name: check.passes(self.max_difference) for check in self.checks}
        if False in passes.values():
            return "FAIL"
        compared = {name for name, passed in passes.items() if passed is not None}
        return "PASS" if compared - {"repeat", "queue"} else "UNDECIDED"

    def to_dict(self) -> dict[str, Any]:
        """What `regcore batchcheck --json` prints."""
        return to_dict(
            self.about,
            self.images,
            self.checks,
            batch_size=self.batch_size,
            limit=self.max_difference,
            outcome=self.outcome,
        )


def check_batches(
    model: str | Path,
    images: str | Path | None = None,
    *,
    max_difference: float = MAX_DIFFERENCE,
    log: Log = no_log,
    **options: Unpack[ModelOptions],
) -> CheckedBatches:
    """Runs one batch of images again and again, in other slots, beside others, padded, in parts.

    model: as for regcore.backends.registry.open_backend. images: a store, or photos as
    regcore.sources.spelling.open_source opens them, of which the first good ones fill a batch;
    None: noise. max_difference: what is allowed, as a part of the largest score; a first choice
    that flips, NaN and infinity never are. log: see regcore.api.messages. options: see
    RecipeOptions, DeviceOptions and PreprocessorOptions in regcore.api.options.

    Raises UsageError where the request contradicts itself, DatasetError where no image is good, and
    BackendError where the model cannot run.
    """
    check_names(options, ModelOptions)
    model = str(model)
    if not 0 <= max_difference < math.inf:
        raise UsageError(f"max_difference must be 0 or more, not {max_difference}")
    if images is not None:
        images = existing_images(images)
        check_not_swapped(model, Path(images))
    source = open_inputs(images, log, verify=True)
    with closing(source), open_model(model, options) as backend:
        choice = recipe_for(
            model,
            backend,
            source.store,
            log,
            **select(options, RecipeOptions),
            shape_only=source.is_prepared,
        )
        size = batch_size_for(backend, options.get("batch_size"), log)
        inputs = source.inputs(choice.recipe, select(options, PreprocessorOptions), size, 1)
        batch = _one_batch(inputs, backend, size, log)
        timed = TimedBackend(backend, options.get("device_timeout", DEVICE_TIMEOUT))
        checks = tuple(run_checks(timed, batch))
        return CheckedBatches(
            checks, about_model(backend, model), size, str(images or "noise"), max_difference
        )


def _one_batch(inputs: Inputs, backend: Backend, size: int, log: Log) -> NDArray[Any]:
    """The first good images, and of these copies where they are fewer than a batch has."""
    found: list[NDArray[Any]] = []
    wanted = np.arange(min(len(inputs.names), 2 * size), dtype=np.intp)
    with inputs.batches(backend, size, wanted) as batches:
        for batch in batches:
            for error in batch.errors:
                log(str(error))
            bad = {error.index for error in batch.errors}
            found += [
                image.copy()
                for place, image in zip(batch.indices, batch.images, strict=True)
                if place not in bad
            ]
            if len(found) >= size:
                break
    if not found:
        raise DatasetError("no image is good")
    if len(found) < size:
        fill = counted(len(found), "image fills", "images fill")
        log(f"{fill} a batch of {size}: some are in it more than once")
    return np.stack([found[place % len(found)] for place in range(size)])
