"""What the libraries, devices and processors of this machine are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from regcore.api.messages import Log, no_log
from regcore.errors import UsageError
from regcore.files.arguments import as_path, check_choice, check_several
from regcore.notebook import html_table
from regcore.recipes.recipe import Recipe
from regcore.reports.doctor import matrix, to_dict, to_text
from regcore.trust.doctor.diagnosis import Diagnosis, choose_parts, diagnose
from regcore.trust.doctor.requirements import (
    DEVICES,
    MACHINE,
    Required,
    Requirement,
    judge,
    parse_requirements,
    peer_of,
)
from regcore.trust.doctor.runtimes import RUNTIMES

Filter = Literal["bilinear", "bicubic"]
#: Small, so that it costs little, and in the proportions of 256 and 224; the margin of the short
#: side is even, and those of long sides are of all kinds.
_SIDE, _CROP = 40, 36
#: What cannot be had weighs more than what differs.
_ENVIRONMENT, _MISMATCH = 4, 5


@dataclass(frozen=True)
class Checkup:
    """What run_doctor has found. required: what was asked for, and whether it is met."""

    diagnosis: Diagnosis
    required: tuple[Required, ...]

    @property
    def exit_code(self) -> int:
        """0; 4 where something required is missing or fails; 5 where values differ.

        regcore's own pixels need not be asked for: where they are not Pillow's it is 5.
        """
        codes = {each.exit_code for each in self.required if not each.met}
        if self.diagnosis.own_failure:
            codes.add(_MISMATCH)
        return min(codes, default=0)

    def to_dict(self) -> dict[str, Any]:
        """What `regcore doctor --json` prints."""
        return to_dict(self.diagnosis, self.required)

    def __str__(self) -> str:
        """What `regcore doctor` prints: a screen of text."""
        return to_text(self.diagnosis, self.required)

    def _repr_html_(self) -> str:
        header, *rows = matrix(self.diagnosis)
        return html_table(rows, header=header, caption="Values unlike Pillow's")


def run_doctor(
    *,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    require: str | None = None,
    filter: Filter = "bicubic",  # noqa: A002  (as in a recipe)
    folder: str | Path = ".",
    log: Log = no_log,
) -> Checkup:
    """Compares what all installed libraries make of the same pictures, and tries all devices.

    only, skip: names of libraries (`opencv`), runtimes (`onnxruntime`), or `machine`. require: what
    has to be so, with commas: `parity`, `opencv`, `opencv:flavour`, `cuda`, `onnxruntime:cuda`,
    `machine`. filter: of the resize. folder: whose disk is measured, by a file of 16 MiB that is
    removed again. log: see regcore.api.messages.

    Raises UsageError for names that there are not.
    """
    check_choice("filter", filter, ("bilinear", "bicubic"))
    check_several("only", only)
    check_several("skip", skip)
    parts = choose_parts(only, skip)
    requirements = parse_requirements(require)
    for each in requirements:
        _check_examined(each, parts)
    devices = [each.device for each in requirements if each.device is not None]
    folder, recipe = as_path("folder", folder), Recipe(resize=_SIDE, crop=_CROP, filter=filter)
    diagnosis = diagnose(parts, recipe, folder, devices=devices)
    found = diagnosis.peers, diagnosis.runtimes, diagnosis.machine
    required = tuple(judge(each, *found) for each in requirements)
    for unmet in required:
        if not unmet.met:
            log(f"required {unmet.requirement}: {unmet.detail}")
    if diagnosis.own_failure:
        log(f"regcore {diagnosis.own_failure}")
    return Checkup(diagnosis, required)


def _check_examined(requirement: Requirement, parts: Sequence[str]) -> None:
    name = requirement.part
    needed = peer_of(name) or (name if name in (*RUNTIMES, MACHINE) else None)
    left_out = needed is not None and needed not in parts
    if left_out or (name in DEVICES and not set(RUNTIMES) & set(parts)):
        raise UsageError(
            f"--require {requirement.text} needs what --only or --skip leaves out: {needed or name}"
        )
