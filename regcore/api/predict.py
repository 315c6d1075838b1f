"""What a model takes photos for, by the names of its classes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from regcore.api.messages import Log, ProgressBar, log_failures, no_log, no_progress
from regcore.api.model import (
    about_model,
    batch_size_for,
    check_not_swapped,
    check_several_classes,
    open_model,
)
from regcore.api.options import (
    ModelOptions,
    PreprocessorOptions,
    RecipeOptions,
    check_names,
    existing,
    select,
)
from regcore.api.recipe_choice import recipe_for
from regcore.counted import counted
from regcore.errors import BackendError, DatasetError, DecodeError, UsageError
from regcore.evaluation.run_content import Failed
from regcore.files.arguments import as_path, whole_within
from regcore.images.diagnostics import Diagnostic
from regcore.images.preprocessor import Preprocessor
from regcore.images.sources import Image
from regcore.inference.device_timeout import DEVICE_TIMEOUT
from regcore.inference.predict import Predictions, predict
from regcore.models.class_names import metadata_class_names, names_of_classes, read_class_names
from regcore.models.metadata import ModelMetadata
from regcore.models.timm.class_names import imagenet_names
from regcore.notebook import html_table
from regcore.reports.prediction import (
    HEADER,
    Choice,
    NamesOrigin,
    PhotoChoices,
    rows_of_texts,
    to_dict,
)
from regcore.sources.kinds import is_archive
from regcore.sources.spelling import LIST_SUFFIXES, is_spelled, open_source

if TYPE_CHECKING:
    from typing_extensions import Unpack

TOP = 5
_MOST_CLASSES = 1000
#: In place of a file of names: those of ImageNet's 1000 classes.
IMAGENET: Literal["imagenet"] = "imagenet"
#: How the tags of timm's models end that know these classes.
_IMAGENET_TAG = "in1k"


@dataclass(frozen=True)
class PredictedPhotos:
    """What predict_photos has found.

    photos: each photo that could be read, in the order in which they were given, with its best
    classes. failed: the others, each with its reason. diagnostics: photos that are damaged,
    rotated or clipped. names_from: who says the names of the classes, None where nobody does.
    about: the model, its backend, provider and recipe, in words.
    """

    photos: tuple[PhotoChoices, ...]
    failed: tuple[DecodeError, ...]
    diagnostics: tuple[Diagnostic, ...]
    names_from: NamesOrigin | None
    about: dict[str, str]

    @property
    def complete(self) -> bool:
        """Whether there is an answer to every photo."""
        return not self.failed

    def to_dict(self) -> dict[str, Any]:
        """What `regcore predict --json` prints."""
        failed = [Failed(str(error.path), error.detail) for error in self.failed]
        about = {**self.about, "names_from": self.names_from}
        return to_dict(self.photos, failed, self.diagnostics, about)

    def _repr_html_(self) -> str:
        return html_table(rows_of_texts(self.photos), header=HEADER)


def predict_photos(
    model: str | Path,
    photos: str | Path | Iterable[str | Path],
    *,
    top: int = TOP,
    class_names: str | Path | Sequence[str] | None = None,
    log: Log = no_log,
    progress: ProgressBar = no_progress,
    **options: Unpack[ModelOptions],
) -> PredictedPhotos:
    """The best classes of each photo, by name.

    model: as for regcore.backends.registry.open_backend. photos: files, folders with all
    photos in them, and whatever else open_source takes; one may be given several times. top: how
    many classes of each, 1 to 1000.
    class_names: the names by index, or a file of them, see regcore.models.class_names, or
    "imagenet"; by default what the model says. log, progress: see regcore.api.messages. options:
    see RecipeOptions, DeviceOptions and PreprocessorOptions in regcore.api.options.

    The result is not complete where a photo cannot be read; the others are answered. Raises
    UsageError where the request contradicts itself or the names are of another model,
    DatasetError for a file of names that has none, and BackendError where the model cannot run.
    """
    check_names(options, ModelOptions)
    model = str(model)
    top = whole_within("top", top, 1, _MOST_CLASSES)
    given = [photos] if isinstance(photos, (str, Path)) else list(photos)
    if not given:
        raise UsageError("name at least one photo")
    paths = [as_path("a photo", photo) for photo in given]
    check_not_swapped(model, paths[0])
    names, origin = wanted_names(class_names)
    with ExitStack() as opened, open_model(model, options) as backend:
        check_several_classes(model, backend)
        shown, items, unreached = _listed(given, log, opened)
        choice = recipe_for(model, backend, None, log, **select(options, RecipeOptions))
        preprocessor = Preprocessor(choice.recipe, **select(options, PreprocessorOptions))
        with progress(len(items)) as advance:
            found = predict(
                preprocessor,
                backend,
                items,
                top=top,
                batch_size=batch_size_for(backend, options.get("batch_size"), log),
                progress=advance,
                device_timeout=options.get("device_timeout", DEVICE_TIMEOUT),
            )
        check_several_classes(model, backend, found.classes)
        about = {**about_model(backend, model), "recipe": choice.label}
        about["recipe_from"] = choice.origin
        if names is None and found.classes:
            names, origin = own_names(model, backend.metadata, found.classes)
    if names is None and found.classes:
        log(
            "nobody says the names of the classes: give them with --class-names FILE, or "
            f"--class-names {IMAGENET} for ImageNet's"
        )
    elif names is not None and found.classes:
        names = names_of_classes(names, found.classes, str(class_names))
    if found.shares:
        log(
            "the scores lie between 0 and 1 but do not add up to 1, as those of a sigmoid for each "
            "class: no probability among the classes is shown, as softmax is not for them"
        )
    failed = (*unreached, *found.errors)
    log_failures(log, failed)
    answers = _answers(shown, found, names)
    return PredictedPhotos(answers, failed, found.diagnostics, origin, about)


def wanted_names(
    wanted: str | Path | Sequence[str] | None,
) -> tuple[tuple[str, ...] | None, NamesOrigin | None]:
    """The names that a caller gives, or a file of them, or ImageNet's; None where none are given.

    Raises UsageError where there is no such file, DatasetError where it has none.
    """
    if wanted is None:
        return None, None
    if not isinstance(wanted, (str, Path)):
        return tuple(wanted), "file"
    if str(wanted) == IMAGENET:
        return imagenet_names(), "imagenet"
    return read_class_names(existing(wanted)), "file"


def own_names(
    model: str, metadata: Mapping[str, str], classes: int
) -> tuple[tuple[str, ...] | None, NamesOrigin | None]:
    """Names that the model has, or ImageNet's for those of timm's models that were trained on it.

    None where they are none, or of another number of classes.
    """
    origin: NamesOrigin = "model"
    names = metadata_class_names(metadata)
    own = ModelMetadata.from_properties(model, metadata)
    with suppress(BackendError, UsageError):
        if names is None and own is not None and own.name.endswith(_IMAGENET_TAG):
            names, origin = imagenet_names(), IMAGENET
        if names is not None:
            return names_of_classes(names, classes, model), origin
    return None, None


def _listed(
    given: Sequence[str | Path], log: Log, opened: ExitStack
) -> tuple[list[str], list[Image], list[DecodeError]]:
    """The photos' names and the photos, each source's in its place, and what cannot be reached.

    opened: closes the sources.
    """
    names: list[str] = []
    photos: list[Image] = []
    unreached: list[DecodeError] = []
    for path in map(str, given):
        if _is_photo(path):
            names.append(path)
            photos.append(path)  # where it is not there, reading it will say so
            continue
        try:
            source = opened.enter_context(open_source(path))
        except DatasetError as error:
            unreached.append(DecodeError(path, str(error).removeprefix(f"{path}: ")))
            continue
        if left_out := source.left_out():
            log(f"{path}: left out beside the {counted(len(source), 'image')}: {left_out}")
        unreached += source.broken
        names += [source.path(place) for place in range(len(source))]
        photos += source.read()
    return names, photos, unreached


def _is_photo(text: str) -> bool:
    """Whether this is one image file, and not what holds or lists several."""
    path = Path(text)
    holds = path.is_dir() or is_archive(path.name) or path.suffix.lower() in LIST_SUFFIXES
    return not (holds or is_spelled(text))


def _answers(
    photos: Sequence[str], found: Predictions, names: Sequence[str] | None
) -> tuple[PhotoChoices, ...]:
    bad = {error.index for error in found.errors}
    return tuple(
        PhotoChoices(
            photo,
            tuple(
                Choice(
                    index=index,
                    name=None if names is None else names[index],
                    score=_finite(score),
                    probability=_finite(probability),
                )
                for index, score, probability in zip(
                    found.indices[place].tolist(),
                    found.scores[place].tolist(),
                    found.probabilities[place].tolist(),
                    strict=True,
                )
                if index >= 0
            ),
        )
        for place, photo in enumerate(photos)
        if place not in bad
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
