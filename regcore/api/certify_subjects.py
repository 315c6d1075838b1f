"""What a certificate is about: runs that were made before, and models that run now."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.api.inference_inputs import model_identity
from regcore.api.labelled_data import LabelledData
from regcore.api.messages import Log
from regcore.api.model import about_model
from regcore.api.photo_list import places_of
from regcore.backends.protocol import Backend
from regcore.counted import agreeing, counted
from regcore.errors import DecodeError, MismatchError
from regcore.evaluation.predictions_csv import PREDICTIONS, TopPredictions, read_predictions
from regcore.evaluation.run_folder import RUN, read_run
from regcore.files.arguments import as_path
from regcore.files.input_file import read_input
from regcore.images.preprocessor import Preprocessor
from regcore.inference.first_choices import Use, first_choices, first_choices_of
from regcore.inference.inputs.source import closed_after
from regcore.inference.inputs.store import batches_in_order
from regcore.scores.topk import NO_CLASS
from regcore.trust.certify.evidence_form import Subject


@dataclass(frozen=True)
class RecordedRun:
    """A run that was made before; complete: whether it has a decision on each of its images.

    seen: those of its images with which its model was calibrated, as run.json says. absent: how
    many labelled images were not there, or not reached, of which it has no line.
    """

    subject: Subject
    predictions: TopPredictions
    complete: bool
    seen: tuple[str, ...] = ()
    absent: int = 0

    def of(self, names: Sequence[str]) -> TopPredictions:
        """The predictions of these images. Raises MismatchError where one was not in the run."""
        places = {image: place for place, image in enumerate(self.predictions.images)}
        lacking = [name for name in names if name not in places]
        if lacking:
            raise MismatchError(
                f"{self.subject.model}: its run has no decision on {len(lacking)} of "
                f"{counted(len(names), 'image')}, {lacking[0]} for instance"
            )
        rows = np.array([places[name] for name in names], np.intp)
        found = self.predictions
        return TopPredictions(
            tuple(names), found.labels[rows], found.classes[rows], found.scores[rows]
        )


def is_recorded(name: str | Path) -> bool:
    """Whether this is the folder of a run, or a file of predictions, and not a model."""
    path = as_path("reference", name)
    return (path / RUN).is_file() or (path.suffix.lower() == ".csv" and path.is_file())


def read_recorded(path: Path, log: Log) -> RecordedRun:
    """The folder of 'regcore run', or a predictions.csv by itself. Raises DatasetError."""
    if path.is_dir():
        run = read_run(path)
        predictions, content = run.predictions(), run.content
        about = (content.model, content.backend, content.provider, content.recipe)
        file, seen = path / PREDICTIONS, tuple(content.calibration_images)
        absent = len(content.missing) + content.not_reached
    else:
        predictions, about, file = read_predictions(path), (str(path), "", "", ""), path
        seen, absent = (), 0
    complete = bool(predictions.evaluated.all())
    if not complete:
        lacking = int((~predictions.evaluated).sum())
        were = agreeing(lacking, "was not evaluated, and counts", "were not evaluated, and count")
        log(f"{path}: {lacking} of its images {were} against any verdict")
    digest = hashlib.sha256(read_input(file)).hexdigest() if file.exists() else ""
    model, backend, provider, recipe = about
    subject = Subject(model, f"sha256:{digest}", backend, provider, recipe, output="")
    return RecordedRun(subject, predictions, complete, seen, absent)


@dataclass(frozen=True)
class LiveModel:
    """A model that is open, with the images of `data`."""

    model: str
    backend: Backend
    preprocessor: Preprocessor
    recipe: str
    data: LabelledData
    batch_size: int
    device_timeout: float

    @property
    def subject(self) -> Subject:
        """What evidence says of it."""
        about: dict[str, Any] = about_model(self.backend, self.model)
        return Subject(
            model=self.model,
            identity=model_identity(self.model),
            backend=about["backend"],
            provider=about["provider"],
            recipe=self.recipe,
            output=self.backend.outputs[0].name,
        )

    def first_choices(self, places: NDArray[np.intp], use: Use) -> tuple[DecodeError, ...]:
        """Runs these images of the data in this order; see regcore.inference.first_choices."""
        names = [self.data.labelled.names[place] for place in places.tolist()]
        store, source = self.data.store, self.data.source
        if store is not None:
            with closed_after(
                batches_in_order(store, self.backend, self.batch_size, names)
            ) as batches:
                return first_choices_of(
                    batches, self.backend, len(names), use, device_timeout=self.device_timeout
                )
        items = [] if source is None else source.read(places_of(source.names, names))
        return first_choices(
            self.preprocessor,
            self.backend,
            items,
            use,
            batch_size=self.batch_size,
            device_timeout=self.device_timeout,
        )

    def all_choices(
        self, places: NDArray[np.intp]
    ) -> tuple[NDArray[np.int64], int, tuple[DecodeError, ...]]:
        """The first choice of each of these images, NO_CLASS where it failed; the classes."""
        found = [np.empty(0, np.int64)]
        classes = 0

        def use(choices: NDArray[np.int64], number: int) -> bool:
            nonlocal classes
            classes = max(classes, number)
            found.append(choices.copy())
            return True

        errors = self.first_choices(places, use)
        return np.concatenate(found), classes, errors


def or_none(choice: int) -> int | None:
    """A class as evidence has it: None where the image was not evaluated."""
    return None if choice == NO_CLASS else choice
