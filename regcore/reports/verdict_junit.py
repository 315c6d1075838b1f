"""A verdict as JUnit's XML, which CI systems show as tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from regcore.evaluation.verdict import Outcome
from regcore.reports.printable import printable
from regcore.reports.verdict_rendering import Row, against_rows, baseline_rows, sections

_SUITE = "regcore verdict"
_CLASS = "regcore.verdict"
#: What became of a test, by the outcome: what is not decided has not passed.
_ELEMENTS = {Outcome.FAIL.value: "failure", Outcome.UNDECIDED.value: "error"}


def to_junit(found: Mapping[str, Any]) -> str:
    """One test for the baseline and one for the other run; found: in its form for machines.

    A FAIL is a failure, UNDECIDED an error. Characters that XML cannot hold are written out, and
    those beyond ASCII as references, so that it is well-formed under every name and locale.
    """
    cases = []
    if part := found["baseline"]:
        name = f"Top1 against {printable(part['source'])}"
        cases.append(_case(name, part["outcome"], baseline_rows(part, complete=found["complete"])))
    if part := found["against"]:
        cases.append(_case("Top1 against another run", part["outcome"], against_rows(part)))
    attributes = {"name": _SUITE, "tests": str(len(cases))}
    attributes |= {
        f"{kind}s": str(sum(case.find(kind) is not None for case in cases))
        for kind in ("failure", "error")
    }
    suite = ET.Element("testsuite", attributes)
    properties = ET.SubElement(suite, "properties")
    for key in ("outcome", "complete", "max_drop", "confidence", "run"):
        if key in found:
            ET.SubElement(properties, "property", name=key, value=str(found[key]))
    suite.extend(cases)
    rows = [row for part in sections(found) for row in part]
    ET.SubElement(suite, "system-out").text = _lines(rows)
    root = ET.Element("testsuites", attributes)
    root.append(suite)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=True)
    return text.decode()


def _case(name: str, outcome: str, rows: Sequence[Row]) -> ET.Element:
    case = ET.Element("testcase", classname=_CLASS, name=name)
    if outcome in _ELEMENTS:
        message = f"{outcome}: {'; '.join(f'{what} {value}' for what, value in rows[:3])}"
        ET.SubElement(case, _ELEMENTS[outcome], message=message, type=outcome).text = _lines(rows)
    return case


def _lines(rows: Sequence[Row]) -> str:
    return "\n".join(f"{what}: {value}" for what, value in rows)
