"""A model's device measured against the host that prepares its images."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regcore.api.messages import Log, LoggedInterrupt, Status, log_listing, no_log, no_status
from regcore.api.model import (
    about_model,
    batch_size_for,
    check_not_swapped,
    open_model,
    tell_built_in,
)
from regcore.api.options import (
    LARGEST_BATCH_SIZE,
    ModelOptions,
    PreprocessorOptions,
    RecipeOptions,
    check_names,
    existing_images,
    select,
)
from regcore.api.recipe_choice import recipe_for
from regcore.errors import UsageError
from regcore.evaluation.result_outputs import check_profile
from regcore.evaluation.run_folder import PROFILE
from regcore.files.arguments import as_path, whole_within
from regcore.files.atomic import write_text
from regcore.files.temporary_file import remove_abandoned
from regcore.host import default_workers
from regcore.images.preprocessor import Preprocessor
from regcore.performance.profile.profile_file import profile_form
from regcore.performance.profile.workload import Profile, Workload
from regcore.recipes.recipe import Recipe
from regcore.schemas.fields import as_dict
from regcore.sources.spelling import open_source

if TYPE_CHECKING:
    from typing_extensions import Unpack


@dataclass(frozen=True)
class ProfiledModel:
    """What profile_model has measured.

    about: the model, its backend, provider and recipe, in words. chips: devices of the card. path:
    of profile.json, None where none was asked for.
    """

    profile: Profile
    about: dict[str, str]
    chips: int
    path: Path | None

    def to_dict(self) -> dict[str, Any]:
        """What `regcore profile --json` prints, and profile.json holds."""
        return as_dict(profile_form(self.profile, self.about, self.chips))


def profile_model(
    model: str | Path,
    images: str | Path,
    *,
    batch_sizes: Sequence[int] | None = None,
    seconds: float = 2.0,
    verify: bool = False,
    chips: int = 1,
    out: str | Path | None = None,
    force: bool = False,
    log: Log = no_log,
    status: Status = no_status,
    **options: Unpack[ModelOptions],
) -> ProfiledModel:
    """Measures the device and each stage of the host alone, and the whole, and judges them.

    model: as for regcore.backends.registry.open_backend. images: as
    regcore.sources.spelling.open_source takes them. batch_sizes:
    to measure, the first is judged; by default `batch_size`. seconds: of each measurement. verify:
    try what the verdict advises. chips: devices of the card, by which the rate of one is
    multiplied. out: the folder for profile.json; by default none is written. force: also replace a
    profile.json of something else. log, status: see regcore.api.messages. options: see
    RecipeOptions, DeviceOptions and PreprocessorOptions in regcore.api.options.

    Raises UsageError where the request contradicts itself, DatasetError and DecodeError where no
    image is good, BackendError where the model cannot run, and, on Ctrl-C, LoggedInterrupt.
    """
    check_names(options, ModelOptions)
    model, images = str(model), existing_images(images)
    out = None if out is None else as_path("out", out)
    chips = whole_within("chips", chips, 1, LARGEST_BATCH_SIZE)
    if not 0 < seconds < math.inf:
        raise UsageError(f"seconds must be more than 0, not {seconds}")
    check_not_swapped(model, Path(images))
    if out is not None:
        check_profile(out, model, Path(images), force=force)
    source = open_source(images)
    log_listing(log, source)
    settings = select(options, PreprocessorOptions)
    workers = settings.pop("workers", None) or default_workers()

    def prepare(recipe: Recipe, count: int) -> Preprocessor:
        return Preprocessor(recipe, workers=count, **settings)

    begun: list[str] = []
    with source, open_model(model, options) as backend:
        try:
            with status() as show:

                def say(what: str) -> None:
                    begun.append(what)
                    show(what)

                choice = recipe_for(
                    model, backend, None, log, **select(options, RecipeOptions), shape_only=True
                )
                workload = Workload(
                    backend, source.read(), choice.recipe, prepare, workers, seconds, say
                )
                sizes = batch_sizes or (batch_size_for(backend, options.get("batch_size"), log),)
                for size in batch_sizes or ():
                    tell_built_in(backend, size, log)
                result = workload.profile(sizes, verify=verify)
        except KeyboardInterrupt:
            log(_interruption(begun, out))
            raise LoggedInterrupt from None
        about = {
            **about_model(backend, model),
            "recipe": choice.label,
            "recipe_from": choice.origin,
        }
    path = None if out is None else out / PROFILE
    profiled = ProfiledModel(result, about, chips, path)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(path.parent)
        write_text(path, json.dumps(profiled.to_dict(), indent=2) + "\n")
    return profiled


def _interruption(begun: list[str], out: Path | None) -> str:
    done = f"{max(0, len(begun) - 1)} measurements were done"
    during = f", {begun[-1]} was not" if begun else ""
    kept = f"; {out} is as it was" if out is not None else ""
    return f"interrupted: {done}{during}, and a profile needs all of them{kept}"
