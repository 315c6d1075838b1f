"""What results show in a notebook: the figures of the tables, and names as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from api.colour_set import make_colour_set

from regcore import TopN, compare_rates, predict_photos
from regcore.reports.printable import printable

HOSTILE = "<script>alert(1)</script>&amp;\x1b[31m\n'\"]]>"


def cells(shown: Any) -> list[list[str]]:
    """The texts of the rows of what a notebook shows, which must be well-formed HTML."""
    root = ET.fromstring(shown._repr_html_().replace("<br>", "\n"))  # noqa: S314
    known = {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert {element.tag for element in root.iter()} <= known
    return [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]


def test_topn() -> None:
    counted = TopN(2)
    assert cells(counted) == [["images", "0"]]
    scores = np.array([[3, 2, 1], [1, 1, 0], [np.nan, 1, 0], [0, 1, 2]], np.float32)
    counted.update(scores, [0, 1, 1, 0])
    assert cells(counted) == [
        ["images", "4"],
        ["Top1", "50.00 %"],
        ["Top2", "75.00 %"],
        ["equal scores", "1 image, ties lowest"],
        ["NaN", "1 image, a label whose own score is NaN is never a hit"],
    ]


def test_a_comparison(tmp_path: Path) -> None:
    rows = {"Number of images": "50000", "Number of classes": "1000", "Top1 accuracy": "77.85%"}
    value = [{"key": key, "value": text} for key, text in rows.items()]
    path = tmp_path / "result.json"
    path.write_text(json.dumps({"title": "Overall statistical evaluation", "value": value}))
    header, *shown = cells(compare_rates([f"{HOSTILE}={path}"]))
    assert header == ["", printable(HOSTILE)]
    assert shown[0] == ["Top1 (%)", "77.85"]


def test_predictions(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    colours = make_colour_set(tmp_path)
    names = ["red", "lime", HOSTILE]
    found = predict_photos(colours.model, colours.photos / "2.JPEG", top=1, class_names=names)
    header, row = cells(found)
    assert header[:3] == ["photo", "class", "name"]
    assert row[:3] == [str(colours.photos / "2.JPEG"), "2", printable(HOSTILE)]
