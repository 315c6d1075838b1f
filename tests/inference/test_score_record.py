"""The record of a batch's scores: what is packed is unpacked, and nothing else is."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from regcore.images.diagnostics import Diagnostic
from regcore.inference.score_record import (
    HEAD_BYTES,
    ScoredBatch,
    pack_record,
    unpack_body,
    unpack_head,
)


def read_again(*diagnostics: Any) -> ScoredBatch | None:
    rows, scores = np.array([2, 0]), np.ones((2, 3), np.float32)
    packed = b"".join(pack_record(ScoredBatch(rows, scores, diagnostics), 7))
    head = unpack_head(packed[:HEAD_BYTES])
    assert head is not None
    return unpack_body(head, packed[HEAD_BYTES:], 3)


def test_a_name_that_is_no_text_is_kept() -> None:
    given = Diagnostic("\udcff.JPEG", warnings=2, first_warning="cut short", index=2)
    batch = read_again(given)
    assert batch is not None
    assert batch.rows.tolist() == [2, 0]
    assert batch.diagnostics == (given,)


@pytest.mark.parametrize("field", [field.name for field in fields(Diagnostic)])
def test_what_a_diagnostic_cannot_be_makes_a_record_of_others(field: str) -> None:
    assert read_again(Diagnostic(**{"path": "a.JPEG", field: [1]})) is None  # type: ignore[arg-type]
