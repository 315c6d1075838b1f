"""A port certified against its reference, as soon as its verdict is certain."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regcore.api.calibration_check import calibration_images_among, refuse_seen
from regcore.api.certify_drawing import Drawing, draw_models, draw_recorded, run_canaries
from regcore.api.certify_models import live_model, reference_model
from regcore.api.certify_subjects import LiveModel, is_recorded, read_recorded
from regcore.api.labelled_data import LabelledData, log_missing, read_labelled_data
from regcore.api.messages import Log, ProgressBar, no_log, no_progress
from regcore.api.model import check_not_swapped
from regcore.api.options import (
    ModelOptions,
    check_names,
    existing,
    existing_images,
    existing_labels,
    optional,
)
from regcore.counted import agreeing, counted
from regcore.errors import DatasetError, UsageError
from regcore.evaluation.predictions_csv import TopPredictions
from regcore.evaluation.verdict import Margin, Outcome
from regcore.files.arguments import as_path
from regcore.notebook import html_table
from regcore.performance.perf_file import environment_here
from regcore.reports.certify import rows_of_texts, to_dict
from regcore.reports.provenance import now
from regcore.schemas import json_form
from regcore.trust.certify.canary import CANARIES
from regcore.trust.certify.evidence import EvidenceFile, read_evidence
from regcore.trust.certify.evidence_form import EvidenceForm, Subject
from regcore.trust.certify.order import draw_order, list_digest, seed_of
from regcore.trust.certify.sequential_test import TEST_VERSION, Question
from regcore.trust.certify.session import Certificate, Session, recheck

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import Unpack


@dataclass(frozen=True)
class CertifiedPort:
    """What certify_model, certify_runs or check_evidence has found.

    evidence: the file. interrupted: whether Ctrl-C ended it, so that it is UNDECIDED until it goes
    on.
    """

    certificate: Certificate
    evidence: Path
    interrupted: bool = False

    @property
    def outcome(self) -> Outcome:
        """PASS, FAIL, or UNDECIDED."""
        return self.certificate.finding.outcome

    def to_dict(self) -> dict[str, Any]:
        """What `regcore certify --json` prints."""
        return to_dict(self.certificate, self.evidence)

    def _repr_html_(self) -> str:
        found = self.to_dict()
        return html_table(rows_of_texts(found), caption=f"Certificate: {found['outcome']}")


def certify_model(
    model: str | Path,
    images: str | Path,
    reference: str | Path,
    *,
    evidence: str | Path,
    labels: str | Path | None = None,
    margin: str | float = "0.5pt",
    alpha: float = 0.05,
    seed: int | None = None,
    canaries: int = CANARIES,
    reference_output: str | None = None,
    list_file: str | Path | None = None,
    subset: bool = False,
    background: bool | None = None,
    verify: bool = True,
    log: Log = no_log,
    progress: ProgressBar = no_progress,
    **options: Unpack[ModelOptions],
) -> CertifiedPort:
    """Runs a model on images in an order that a seed fixes, until PASS or FAIL is certain.

    model, images, labels, list_file, subset, background, verify, options: as for evaluate_model.
    reference: what counts as right: the folder of a run on the same images, its predictions.csv,
    or a model, which is then run beside this one, by its own recipe and on its default device.
    reference_output: the reference's output with the scores, where it has several.
    evidence: the file of the evidence; where it has one of the same question, that test goes on.
    margin: the drop that passes, see judge_run. alpha: the probability of a wrong verdict that is
    accepted. seed: of the order; by default it follows from the models and the images. canaries:
    so many of the images of which the reference was least sure are run first, for an alarm; 0 for
    none, and there are none without the reference's scores.

    Raises UsageError where the question contradicts itself or the evidence is of another one,
    DatasetError for labels or images that are not there, MismatchError where the reference is of
    other images or the model says that it was calibrated with some of them, and BackendError where
    a model cannot run.
    """
    check_names(options, ModelOptions)
    model, evidence = str(model), as_path("evidence", evidence)
    images, list_file = existing_images(images), optional(list_file)
    labels = existing_labels(labels)
    check_not_swapped(model, Path(images))
    recorded = read_recorded(Path(reference), log) if is_recorded(reference) else None
    data = read_labelled_data(
        images, labels, log, list_file=list_file, subset=subset, verify=verify
    )
    with closing(data), ExitStack() as opened:
        _check_whole(images, data, log)
        names = data.labelled.names
        port = opened.enter_context(live_model(model, data, log, options))
        seen = calibration_images_among(
            model,
            port.backend.metadata,
            data,
            names,
            recipe=port.preprocessor.recipe,
            log=log,
        )
        refuse_seen(model, seen, len(names))
        expected: TopPredictions | LiveModel
        accuracy: float | None = None
        if recorded is None:
            theirs = reference_model(str(reference), data, log, options, reference_output)
            expected = opened.enter_context(theirs)
            subject = expected.subject
        else:
            expected, subject = recorded.of(names), recorded.subject
            accuracy = 100 * float(expected.correct.mean())
        head, order = _head(
            names,
            port.subject,
            subject,
            points=_points(margin, accuracy),
            margin=margin,
            alpha=alpha,
            seed=seed,
        )
        with EvidenceFile(evidence, head) as file:
            session = Session(file, head)
            drawing = Drawing(session, names, order, data.labelled.labels, background, log)
            interrupted = False
            with progress(len(names)) as advance:
                try:
                    if isinstance(expected, TopPredictions) and canaries and not session.drawn:
                        run_canaries(drawing, port, expected, canaries)
                    draw_models(drawing, port, expected, advance)
                except KeyboardInterrupt:
                    have = agreeing(session.drawn, "has", "have")
                    images = counted(len(names), "image")
                    log(f"interrupted: {session.drawn} of {images} {have} a decision")
                    interrupted = True
            return CertifiedPort(session.certificate(), evidence, interrupted)


def certify_runs(
    run: str | Path,
    reference: str | Path,
    *,
    evidence: str | Path,
    margin: str | float = "0.5pt",
    alpha: float = 0.05,
    seed: int | None = None,
    canaries: int = CANARIES,
    log: Log = no_log,
) -> CertifiedPort:
    """The same of two runs that were made before: their decisions are drawn in a seed's order.

    run, reference: folders that evaluate_model has written, or files of predictions, of the same
    images. The other arguments, and what is raised, are as for certify_model.
    """
    evidence = as_path("evidence", evidence)
    ours, theirs = read_recorded(existing(run), log), read_recorded(existing(reference), log)
    names = ours.predictions.images
    refuse_seen(ours.subject.model, ours.seen, len(names))
    if ours.absent:
        raise DatasetError(
            f"{run}: {counted(ours.absent, 'labelled image was', 'labelled images were')} not "
            "evaluated, and the drop over all of them cannot be known; run it again on all, or "
            "with --subset if that is intended"
        )
    before = theirs.of(names)
    if len(theirs.predictions.images) != len(names):
        extra = len(theirs.predictions.images) - len(names)
        do = counted(extra, "further image, which does", "further images, which do")
        log(f"{reference}: has {do} not count")
    points = _points(margin, 100 * float(before.correct.mean()) if len(names) else 0.0)
    head, order = _head(
        names,
        ours.subject,
        theirs.subject,
        points=points,
        margin=margin,
        alpha=alpha,
        seed=seed,
    )
    with EvidenceFile(evidence, head) as file:
        session = Session(file, head)
        draw_recorded(session, order, ours.predictions, before, canaries=canaries, log=log)
        return CertifiedPort(session.certificate(), evidence)


def check_evidence(evidence: str | Path) -> CertifiedPort:
    """Checks every line of an evidence file, and computes its verdict again from the decisions.

    Raises MismatchError, which names the line, where the file was changed or gives another verdict,
    and DatasetError for what is no evidence.
    """
    path = existing(evidence)
    return CertifiedPort(recheck(read_evidence(path), path), path)


def _head(
    names: tuple[str, ...],
    port: Subject,
    reference: Subject,
    *,
    points: float,
    margin: str | float,
    alpha: float,
    seed: int | None,
) -> tuple[EvidenceForm, NDArray[np.intp]]:
    """The first line of the evidence, and the order of drawing."""
    Question(len(names), points, alpha)  # raises
    if seed is None:
        whole = list_digest(sorted(names))
        seed = seed_of(port.identity, reference.identity, whole)
    if seed < 0:
        raise UsageError(f"a seed is a whole number from 0 on, not {seed}")
    order = draw_order(names, seed)
    head = EvidenceForm(
        format=json_form("evidence"),
        date=now(),
        images=len(names),
        order=list_digest([names[place] for place in order.tolist()]),
        seed=seed,
        margin=str(Margin.parse(str(margin))),
        margin_points=points,
        alpha=alpha,
        test=TEST_VERSION,
        port=port,
        reference=reference,
        environment=environment_here(),
    )
    return head, order


def _points(margin: str | float, accuracy: float | None) -> float:
    parsed = Margin.parse(str(margin))
    if parsed.unit != "pt" and accuracy is None:
        raise UsageError(
            f"--margin {margin} is a part of the reference's accuracy, which is known of a run "
            "only; give percentage points, such as 0.5pt"
        )
    return parsed.points(accuracy or 0.0)


def _check_whole(images: str | Path, data: LabelledData, log: Log) -> None:
    log_missing(images, data.labelled.missing, log)
    if missing := len(data.labelled.missing):
        are = counted(missing, "labelled image is", "labelled images are")
        raise DatasetError(
            f"{images}: {are} not there, and the drop over all of them cannot be known; "
            "--subset if that is intended"
        )
