"""The causes in error texts of CANN, in the forms that its releases print."""

from __future__ import annotations

import pytest

from regcore.backends.ascend.error_text import causes

TRACE = "\n        TraceBack (most recent call last):\n        build failed[FUNC:B][LINE:1]"
FORMS = {
    "inner": (
        "EZ9999: Inner Error!\n"
        "EZ9999: [PID: 21632] 2025-05-30-17:44:16.563.100 The error from device(chipId:0), x."
        + TRACE
    ),
    "older inner": (
        "EZ9999: Inner Error!\n        Aicore kernel execute failed[FUNC:GetError][LINE:1]"
    ),
    "nothing": "E19999: Inner Error!" + TRACE,
    "titled": (
        "[PID: 77] 2026-08-01-09:12:33.120.004 Invalid_Argument_Value(E10001): Value [x] is bad.\n"
        "        Solution: Use another.\n        Solution: Or none." + TRACE
    ),
    "two": (
        "E10007: [PID: 10490] 2025-03-18-09:02:18.501.341 [--framework] is required.\n"
        "EZ3003: No supported Ops kernel and engine are found for [A], optype [A].\n"
        "        Possible Cause: It is not supported.\n        Solution: 1. Check OPP."
    ),
    "none": "[Check][Param] failed\nexit",
}
OPERATOR = "EZ3003: No supported Ops kernel and engine are found for [A], optype [A]."
CAUSES = {
    "inner": ["EZ9999: The error from device(chipId:0), x."],
    "older inner": ["EZ9999: Aicore kernel execute failed"],
    "nothing": ["E19999: Inner Error!"],
    "titled": ["E10001: Value [x] is bad. Solution: Use another."],
    "two": ["E10007: [--framework] is required.", f"{OPERATOR} Solution: 1. Check OPP."],
    "none": [],
}


@pytest.mark.parametrize("form", FORMS)
def test_causes(form: str) -> None:
    assert causes(FORMS[form]) == CAUSES[form]
