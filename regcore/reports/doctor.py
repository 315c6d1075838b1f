"""What a doctor has found, on a screen of 80 columns, and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from regcore.host import simd_levels, version_line
from regcore.reports.doctor_form import DoctorForm
from regcore.reports.printable import printable
from regcore.schemas import json_form
from regcore.schemas.fields import as_dict
from regcore.schemas.recipe_form import recipe_form
from regcore.trust.doctor.diagnosis import Diagnosis
from regcore.trust.doctor.findings import STAGES, PeerFound, StageFound, WayFound
from regcore.trust.doctor.peers.pillow import PEER as PILLOW
from regcore.trust.doctor.requirements import Required

_COLUMNS = 80
_INDENT = "  "
_NAMED = 3
#: Where their versions are told, and what they were built with.
_IN_THE_TITLE = ("regcore", "pillow")
STAGE_TITLES = ("decode", "resize, crop", "tensor")
_WORDS = {"decode": "decode", "resize": "resize", "tensor": "tensor"}


def to_dict(found: Diagnosis, required: Sequence[Required]) -> dict[str, Any]:
    """As JSON."""
    form = DoctorForm(
        format=json_form("doctor"),
        version=version_line(),
        simd_levels=list(simd_levels()),
        pictures=found.pictures,
        recipe=recipe_form(found.recipe.to_dict()),
        peers=list(found.peers),
        runtimes=list(found.runtimes),
        machine=found.machine,
        required=list(required),
    )
    return as_dict(form)


def to_text(found: Diagnosis, required: Sequence[Required]) -> str:
    """As lines of at most 80 columns, each part of them only where it was examined."""
    parts = [
        _head(found),
        _matrix_lines(found),
        _lines(sentences(found)),
        _lines(_problems(found, required)),
    ]
    return "\n".join(printable(line) for part in parts for line in part)


def sentences(found: Diagnosis) -> list[str]:
    """Why values differ, what runs models, and what is not installed."""
    texts = [*_explanations(found), *_runtimes(found), *_absent(found)]
    return [printable(text) for text in texts]


def _lines(texts: Iterable[str]) -> list[str]:
    return [
        line
        for text in texts
        for line in textwrap.wrap(text, _COLUMNS, subsequent_indent=_INDENT, break_on_hyphens=False)
    ]


def _head(found: Diagnosis) -> list[str]:
    texts = [version_line()]
    if found.machine is not None:
        texts += found.machine.lines
    return _lines(texts)


@dataclass(frozen=True)
class Cell:
    """One stage of one way. kind: equal, off, failed, or none where there is no such stage."""

    text: str
    kind: str


def matrix(found: Diagnosis) -> list[list[str]]:
    """Header and rows of texts: what of each way's values is unlike the reference's, by stage."""
    rows = ([name, *(cell.text for cell in cells)] for name, cells in matrix_rows(found))
    return [["", *STAGE_TITLES], *rows]


def matrix_rows(found: Diagnosis) -> list[tuple[str, list[Cell]]]:
    """The name of each way, and its stages."""
    rows: list[tuple[str, list[Cell]]] = []
    for peer in found.peers:
        ways = _joined(peer)
        if not ways and peer.failure:
            rows.append((peer.name, [_FAILED, Cell("", "none"), Cell("", "none")]))
        if peer.name == "pillow" and all(map(_equals_all, peer.ways)):
            continue  # it is the reference
        rows += [(name, [_cell(way, stage) for stage in STAGES]) for name, way in ways]
    return rows


def _joined(peer: PeerFound) -> list[tuple[str, WayFound]]:
    """Its ways; those of regcore that equal the reference all over are one row."""
    if peer.name != "regcore":
        return [(way.name, way) for way in peer.ways]
    equal = [way for way in peer.ways if _equals_all(way)]
    rows = [(way.name, way) for way in peer.ways if way not in equal]
    if equal:
        levels = {way.name.removesuffix("-libjpeg") for way in equal}
        whole = "" if rows else "all "
        rows.insert(0, (f"regcore, {whole}{len(levels)} SIMD levels", equal[0]))
    return rows


def _equals_all(way: WayFound) -> bool:
    return all(stage.compared and not stage.differs and not stage.refused for stage in way.stages)


_FAILED = Cell("failed", "failed")


def _cell(way: WayFound, name: str) -> Cell:
    stage = next((each for each in way.stages if each.stage == name), None)
    if stage is None:
        return Cell("-", "none")
    if not stage.compared:
        return _FAILED
    text, kind = "equal", "equal"
    if stage.values and stage.differing:
        kind = "off"
        text = f"{stage.differing:.2g}% {stage.largest:.2g} {stage.mean:.1g}"
        if stage.largest >= 1:
            text = f"{stage.differing:.2g}% {stage.largest:.0f} {stage.mean:.1g}"
    if stage.other_sides:
        kind = "off"
        text += f" s{len(stage.other_sides)}"
    return Cell(text + (f" r{len(stage.refused)}" if stage.refused else ""), kind)


def _matrix_lines(found: Diagnosis) -> list[str]:
    header, *rows = matrix(found)
    if not rows:
        return []
    width = max(len(row[0]) for row in rows) + 1
    column = max(14, (_COLUMNS - width) // len(STAGES))
    return [
        *_lines([matrix_title(found)]),
        *(
            "".join([row[0].ljust(width), *(cell.ljust(column) for cell in row[1:])]).rstrip()
            for row in (header, *rows)
        ),
    ]


def matrix_title(found: Diagnosis) -> str:
    """What is compared in the matrix, and how it is to be read."""
    made = f"resize {found.recipe.resize} {found.recipe.filter}, crop {found.recipe.crop}"
    return (
        f"{found.pictures} pictures, {made}, beside {_reference(found)}: values that differ, "
        "largest, mean; N pictures with other sides (sN), refused (rN)"
    )


def _reference(found: Diagnosis) -> str:
    """Pillow, its version, and what it was built with."""
    pillow = next((each for each in found.peers if each.name == "pillow"), None)
    if pillow is None or not pillow.notes:
        return f"Pillow {PILLOW.version()}"
    return f"Pillow {pillow.version} ({', '.join(pillow.notes)})"


def _explanations(found: Diagnosis) -> Iterator[str]:
    for peer in found.peers:
        version = f" {peer.version}" if peer.version else ""
        if peer.failure:
            yield f"{peer.name}{version} FAILED: {peer.failure}"
        if peer.name in _IN_THE_TITLE:
            continue
        for number, way in enumerate(peer.ways):
            told = [text for stage in way.stages if (text := _why(stage))]
            notes = [] if number else peer.notes
            name = f"{way.name}{version}" if way.name == peer.name else way.name
            if told or notes:
                yield f"{name}: {'; '.join([*notes, *told])}"


def _why(stage: StageFound) -> str:
    """Empty where there is nothing to tell."""
    word = _WORDS[stage.stage]
    if not stage.compared and stage.refused:
        return f"{word} FAILED: {stage.refused[0].detail}"
    parts = []
    if stage.recipe is not None:
        parts.append(stage.causes[0].text)
    elif stage.differs:
        parts += [
            f"{cause.text} ({len(cause.pictures)})" if cause.pictures else cause.text
            for cause in stage.causes
        ]
        explained = {name for cause in stage.causes for name in cause.pictures}
        rest = [name for name in stage.differs if name not in explained]
        if stage.stage == "decode" and rest:
            parts.append(f"differs in {_few(rest)}")
        if stage.known:
            parts.append(stage.known)
    if stage.refused:
        parts.append(f"refuses {_few([each.picture for each in stage.refused])}")
    return f"{word} {', '.join(parts)}" if parts else ""


def _few(names: Sequence[str]) -> str:
    listed = ", ".join(name.rpartition(".")[0] for name in names[:_NAMED])
    return f"{listed} and {len(names) - _NAMED} more" if len(names) > _NAMED else listed


def _runtimes(found: Diagnosis) -> Iterator[str]:
    works = []
    for runtime in found.runtimes:
        devices = [device.name for device in runtime.devices if device.works]
        if devices:
            works.append(f"{runtime.name} {runtime.version} ({', '.join(devices)})")
    if works:
        yield f"models run on: {', '.join(works)}"
    for runtime in found.runtimes:
        if runtime.failure:
            yield f"{runtime.name} {runtime.version} FAILED: {runtime.failure}"
        for device in runtime.devices:
            if not device.works:
                yield f"{runtime.name} {runtime.version} NOT on {device.name}: {device.detail}"


def _absent(found: Diagnosis) -> Iterator[str]:
    names = [each.name for each in found.peers if each.version is None]
    names += [each.name for each in found.runtimes if each.version is None]
    if names:
        yield f"not installed: {', '.join(names)}"


def _problems(found: Diagnosis, required: Sequence[Required]) -> Iterator[str]:
    if found.machine is not None:
        yield from (f"! {problem}" for problem in found.machine.problems)
    if found.own_failure:
        yield f"! regcore {found.own_failure}"
    for each in required:
        yield f"required {each.requirement}: {'met' if each.met else f'NOT MET: {each.detail}'}"
