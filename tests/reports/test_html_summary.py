"""The first screen and the charts: sentences, places and lengths."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import product
from typing import Any

import pytest

from regcore.evaluation.run_content import RunContent
from regcore.files.json_input import as_form
from regcore.reports.html.accuracy import calibration, shown_first, top_rows, verdict_strip
from regcore.reports.html.bars import ceilings, rates_by_batch
from regcore.reports.html.contents import Ceilings, VerdictContent
from regcore.reports.html.provenance import date, provenance
from regcore.reports.html.summary import counted_images, verdict_sentences

BASELINE = {
    "outcome": "PASS",
    "accuracy": 74.5,
    "baseline": 74.83,
    "source": "timm x",
    "drop": 0.33,
    "margin": 1.0,
    "detectable": 0.3,
}
AGAINST = {
    "outcome": "UNDECIDED",
    "before": 89.0,
    "accuracy": 88.5,
    "change": -0.5,
    "interval": [-1.5, 0.5],
    "margin": 1.0,
    "equivalent": False,
    "p": 1.0,
    "lost": ["a"],
    "won": [],
    "other": [],
}


def run_content(**changed: Any) -> RunContent:
    """A run of 1,000 images."""
    content = {
        "model": "m.onnx",
        "backend": "b 1",
        "provider": "p",
        "recipe": "r (1)",
        "batch_size": 4,
        "complete": True,
        "images": 1000,
        "expected_images": 1000,
        "hits": [745, 900],
        "accuracy": {"Top1": "74.5%", "Top2": "90.0%"},
        "classes": 10,
        "seconds": 1.0,
        "preprocessing": {"resize": 256},
        "root": "/photos",
        "run": "abc",
    }
    return as_form({**content, **changed}, RunContent, "run.json")


def verdict(**parts: Any) -> VerdictContent:
    """A verdict of these parts."""
    return as_form({"outcome": "PASS", "max_drop": "1pt", **parts}, VerdictContent, "verdict.json")


def test_sentences_of_a_verdict() -> None:
    assert verdict_sentences(verdict(baseline=BASELINE, against=AGAINST)) == [
        "Top1 is 0.33 pt below the baseline's 74.83 % (timm x). A drop of 1.00 pt is allowed.",
        (
            "Top1 moved by -0.50 pt against the other run: 1 image lost, 0 won; "
            "95 % interval -1.50 to +0.50 pt. A drop of 1.00 pt is allowed."
        ),
    ]
    gain = {**BASELINE, "drop": -0.2, "notes": ["a gain of 0.2 pt"]}
    above, note = verdict_sentences(verdict(baseline=gain))
    assert above.startswith("Top1 is 0.20 pt above the baseline's")
    assert note == "A gain of 0.2 pt."
    assert verdict_sentences(None) == []


def test_places_on_the_strip_of_a_verdict() -> None:
    rows = top_rows(run_content())
    assert [row.name for row in shown_first(rows)] == ["Top1", "Top2"]
    strip = verdict_strip(verdict(baseline=BASELINE), rows[0])
    assert strip is not None
    assert 0 < strip.low < strip.value < strip.reference < strip.high < 100
    assert strip.low < strip.least < strip.value
    strip = verdict_strip(verdict(against=AGAINST), rows[0])
    assert strip is not None
    # From -1.5 to 0.5 with 0.3 on both sides.
    assert (strip.low, strip.least, strip.value, strip.reference, strip.high) == pytest.approx(
        [100 * part / 2.6 for part in (0.3, 0.8, 1.3, 1.8, 2.3)], abs=0.01
    )
    assert strip.labels == ("-1.80 pt", "+0.80 pt")
    assert verdict_strip(None, rows[0]) is None


def test_how_many_were_counted() -> None:
    assert counted_images(run_content()) == "1,000 images"
    assert counted_images(run_content(left_out=2000)) == "the first 1,000 of 3,000 images"
    part = run_content(complete=False, expected_images=1001)
    assert counted_images(part) == "1,000 of 1,001 images"


def test_how_sure_the_model_is() -> None:
    assert calibration(run_content()) == ""
    value = {"value": 80.0, "unit": "%"}
    sure = run_content(metrics={"ece": {"error": value, "mean_confidence": value}})
    assert calibration(sure) == (
        "On average the model is 80.0 % sure, and right for 74.5 % of the images: 5.5 pt more sure "
        "than it should be."
    )


def test_bars_are_as_long_as_their_rates() -> None:
    bars = ceilings(Ceilings(1000.0, {"1": 250.0}, 500.0, 0.0))
    assert [(bar.title, bar.text, bar.length, bar.beyond) for bar in bars] == [
        ("storage, not in memory yet", "1,000", 1.0, True),
        ("preprocess, workers: 1", "250", 0.5, False),
        ("device", "500", 1.0, False),
        ("count scores", "0", 0.0, False),
    ]
    groups = rates_by_batch({"a": {1: 5.0, 4: 10.0}, "b": {4: 2.5}})
    assert [(group.title, [bar.length for bar in group.bars]) for group in groups] == [
        ("batch 1", [0.5]),
        ("batch 4", [1.0, 0.25]),
    ]
    assert len(rates_by_batch({"a": dict.fromkeys(range(1, 500), 0.0)})) == 12


def test_the_record_has_what_is_there() -> None:
    record = {
        "date": "2026-11-27T10:20:30Z",
        "recipe_from": "--recipe",
        "command": "regcore run m",
        "model_hash": "sha256:ab",
        "environment": {"system": "Linux"},
    }
    groups = provenance(run_content(), record, None)
    facts = {fact.name: fact.value for group in groups for fact in group.facts}
    assert facts["model"] == "m.onnx"
    assert facts["resize"] == "256"
    assert facts["recipe from"] == "--recipe"
    assert facts["run"] == "abc"
    assert "workers" not in facts
    assert facts["command line"] == "regcore run m"
    assert facts["model's hash"] == "sha256:ab"
    assert facts["system"] == "Linux"
    assert date(record) == "2026-11-27 10:20 UTC"
    assert date({}) == ""


def _palettes() -> list[dict[str, str]]:
    """The colours of the light, the dark and the printed page."""
    style = (files("regcore.reports.html") / "templates" / "style.css").read_text("utf-8")
    found = re.findall(r":root \{([^}]*)\}", style)
    return [dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]+)", block)) for block in found]


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_colours_can_be_told_from_what_is_behind_them() -> None:
    palettes = _palettes()
    assert len(palettes) == 3
    for palette in palettes:
        words = list(product(("text", "faint", "good", "bad", "open"), ("back", "card")))
        words += [(word, f"{word}-back") for word in ("good", "bad", "open")]
        words += [("text", f"{word}-back") for word in ("good", "bad", "open")]
        for front, back in words:
            assert _contrast(palette[front], palette[back]) >= 4.5, (front, back, palette)
        stages = ("read", "decode", "resample", "work", "use", "wait", "h2d", "compute", "d2h")
        for front, back in product(stages, ("track",)):
            assert _contrast(palette[front], palette[back]) >= 3, (front, back, palette)
