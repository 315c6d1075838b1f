"""A doctor's findings in a report: whose pixels the libraries of the machine give."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from regcore.recipes.recipe import Recipe
from regcore.reports.doctor import STAGE_TITLES, Cell, matrix_rows, matrix_title, sentences
from regcore.reports.doctor_form import DoctorForm
from regcore.reports.html.checks.documents import read_document
from regcore.trust.doctor.diagnosis import Diagnosis


@dataclass(frozen=True)
class ShownDoctor:
    """What a report shows; rows: the name of a way, and its stages. problems: what is wrong."""

    version: str
    machine: list[str]
    title: str
    header: list[str]
    rows: list[tuple[str, list[Cell]]]
    sentences: list[str]
    problems: list[str]


def read_doctor(folder: Path) -> ShownDoctor | None:
    """The doctor's findings in a run's folder; None: there are none. Raises DatasetError."""
    form = read_document(folder, "doctor", DoctorForm)
    if form is None:
        return None
    found = Diagnosis(
        pictures=form.pictures,
        recipe=Recipe.from_dict(form.recipe),
        peers=tuple(form.peers),
        runtimes=tuple(form.runtimes),
        machine=form.machine,
    )
    machine = [] if found.machine is None else found.machine.lines
    problems = [] if found.machine is None else list(found.machine.problems)
    problems += [
        f"required {one.requirement}: {one.detail}" for one in form.required if not one.met
    ]
    if found.own_failure:
        problems.append(f"regcore {found.own_failure}")
    return ShownDoctor(
        version=form.version,
        machine=machine,
        title=matrix_title(found),
        header=["", *STAGE_TITLES],
        rows=matrix_rows(found),
        sentences=sentences(found),
        problems=problems,
    )
