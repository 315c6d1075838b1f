"""Of what the scores are that an evaluation keeps while it is under way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from msgspec import UNSET, UnsetType

from regcore.api.inference_inputs import model_identity, names_digest
from regcore.api.labelled_data import LabelledData
from regcore.api.messages import Log
from regcore.backends.protocol import Backend, Result
from regcore.counted import agreeing, counted
from regcore.images.batch_stream import Batch
from regcore.images.preprocessor import Preprocessor
from regcore.inference.evaluate import Evaluation, Interrupted, evaluate_scored
from regcore.inference.score_journal import JOURNAL, ScoreJournal
from regcore.inference.timeline import TaskTimes
from regcore.recipes.recipe import Recipe
from regcore.schemas import Format, json_form
from regcore.schemas.fields import BatchSize, Digest, ProviderName, as_dict, described
from regcore.schemas.recipe_form import RecipeForm, recipe_form


@dataclass(frozen=True)
class ReadLimits:
    """Which images are refused; null stands for the default."""

    max_file_bytes: Annotated[int | None, described("Larger files are.")] = None
    max_pixels: Annotated[int | None, described("Larger images are.")] = None
    max_scans: Annotated[int | None, described("Progressive JPEGs with more scans are.")] = None
    on_warning: Annotated[
        str | None, described("Damage that libjpeg repairs: report, ignore, or fail.")
    ] = None


@dataclass(frozen=True)
class RunJournalForm:
    """Of what the scores in run.scores.part are, its first line.

    `regcore run` goes on only where all of it is the same. The labels and metrics may be others:
    they are applied to the scores.
    """

    format: Format
    model: Annotated[
        str,
        described("Checksum of the model's file, or what stands for a model that is no file."),
    ]
    backend: Annotated[str, described("The runtime and its version.")]
    provider: ProviderName
    images: Annotated[str, described("The folder above the images, absolute.")]
    list: Annotated[Digest, described("Of the images' names: the beginning of their SHA-256.")]
    recipe: RecipeForm
    limits: ReadLimits
    output: Annotated[str, described("Name of the model's output.")]
    batch_size: BatchSize
    precision: Annotated[
        str | UnsetType, described("In what the device computed float32, where that is less.")
    ] = UNSET


_LIMITS = tuple(field.name for field in fields(ReadLimits))
_WORDS = {
    "format": "version of the file",
    "list": "list of images",
    "images": "folder of images",
    "limits": "limits of what is read",
    "batch_size": "batch size",
}


@dataclass(frozen=True)
class EvaluationJob:
    """A model on labelled images, the first ones of `data`.

    backend: the opened model. options: of the evaluation.
    """

    model: str
    backend: Backend
    data: LabelledData
    names: Sequence[str]
    recipe: Recipe
    batch_size: int
    options: Mapping[str, Any]

    def open_journal(self, out: Path, log: Log, *, anew: bool) -> ScoreJournal:
        """The journal of the scores in `out`.

        log: is told what becomes of those that an interrupted run has left. anew: nothing is used
        of them.
        """
        count = len(self.names)
        form, versions = as_dict(self._form()), self.data.versions(count)
        journal = ScoreJournal(out / JOURNAL, form, count, versions, warn=log, anew=anew)
        if journal.other:
            words = ", ".join(_WORDS.get(key, key) for key in journal.other)
            log(
                f"{out}: the interrupted run that it holds had another {words}; "
                "this one begins with the first image"
            )
        elif kept := int(journal.kept.sum()):
            images = counted(count, "image")
            log(f"{out}: goes on where a run was interrupted, after {kept} of {images}")
        return journal

    def evaluate(
        self,
        preprocessor: Preprocessor,
        journal: ScoreJournal,
        log: Log,
        runner: Runner | None = None,
        **how: Any,  # noqa: ANN401
    ) -> Evaluation:
        """Evaluates the images, those in the journal without running them, until Ctrl-C.

        runner: what runs the model, by default this process. how: see
        regcore.inference.evaluate.evaluate.
        """
        count = len(self.names)
        try:
            with journal:
                if runner is not None:
                    scored = runner(self, preprocessor, journal)
                    labels = self.data.labelled.labels[:count]
                    del how["trace"], how["device_timeout"]  # of a device that is here
                    return evaluate_scored(scored, labels, journal=journal, **how)
                return self.data.evaluate(
                    preprocessor, self.backend, count, self.batch_size, journal, **how
                )
        except Interrupted as interrupted:
            evaluation = interrupted.evaluation
            done = count - evaluation.not_reached
            were = f"{counted(count, 'image')} {agreeing(done, 'was', 'were')}"
            log(f"interrupted: {done} of {were} evaluated; what follows is of these")
            return evaluation

    def _form(self) -> RunJournalForm:
        return RunJournalForm(
            format=json_form("run-journal"),
            model=model_identity(self.model),
            backend=f"{self.backend.name} {self.backend.version}",
            provider=self.backend.provider,
            images=str(self.data.root.resolve()),
            list=names_digest(self.names),
            recipe=recipe_form(self.recipe.to_dict()),
            limits=ReadLimits(**{name: self.options.get(name) for name in _LIMITS}),
            output=self.backend.outputs[0].name,
            batch_size=self.batch_size,
            precision=self.backend.precision or UNSET,
        )


#: Runs the model of a job on the images of which the journal has kept no scores. Gives batches,
#: which need no images, in any order, each with its result. Their indices are places among those
#: images. Beside them it may give what those have measured who ran some.
Runner = Callable[
    [EvaluationJob, Preprocessor, ScoreJournal],
    Iterable[tuple[Batch, Result | None] | TaskTimes],
]
