"""The certificate in a report: shown of this run, and of no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from onnx_models import save_model
from PIL import Image
from trust.certify.made_runs import made_scores, noisy, predictions, save

from regcore import certify_runs, evaluate_model, write_report
from regcore.errors import DatasetError, MismatchError
from regcore.reports.html.certificate import CERTIFICATE, read_certificate

SCORES, LABELS = made_scores(4000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a report reads of a run for this section."""
    save(tmp_path / "predictions.csv", predictions(noisy(SCORES, 0.003), LABELS))
    save(tmp_path / "reference.csv", predictions(SCORES, LABELS))
    certify_runs(
        tmp_path / "predictions.csv", tmp_path / "reference.csv", evidence=tmp_path / CERTIFICATE
    )
    return tmp_path


def test_the_funnel_narrows_to_the_verdict(folder: Path) -> None:
    shown = read_certificate(folder)
    assert shown is not None
    assert shown.outcome == "PASS"
    assert shown.headline.startswith("PASS after ")
    assert not shown.alarm
    funnel = shown.funnel
    assert funnel is not None
    points = [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", funnel.band)]
    half = len(points) // 2
    upper, lower = points[:half], points[: half - 1 : -1]
    heights = [low[1] - high[1] for high, low in zip(upper, lower, strict=True)]
    assert heights == sorted(heights, reverse=True)
    assert heights[-1] < heights[0] == 200
    assert upper[-1][1] >= 2 * funnel.allowed - 0.1  # the upper end is within the margin
    assert [words for _, words in funnel.ticks] == ["10", "100", "1,000", "4,000"]
    assert funnel.ticks[-1][0] == pytest.approx(100)


def test_it_is_about_this_run_and_as_it_was_written(folder: Path, tmp_path: Path) -> None:
    path = folder / CERTIFICATE
    save(folder / "predictions.csv", predictions(SCORES, LABELS))  # the reference shows it, too
    assert read_certificate(folder) is not None
    save(folder / "predictions.csv", predictions(noisy(SCORES, 1), LABELS))
    with pytest.raises(DatasetError, match="is about other runs"):
        read_certificate(folder)
    path.write_bytes(path.read_bytes().replace(b'"port": ', b'"port":  ', 1))
    with pytest.raises(MismatchError, match="line 1"):
        read_certificate(folder)
    path.unlink()
    assert read_certificate(folder) is None


def test_it_stands_in_the_report(tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    (tmp_path / "photos").mkdir()
    lines = []
    for place in range(30):
        Image.new("RGB", (8, 8), ("red", "lime", "blue")[place % 3]).save(
            tmp_path / "photos" / f"{place}.png"
        )
        lines.append(f"{place}.png {place % 3}\n")
    (tmp_path / "labels.txt").write_text("".join(lines))
    model = save_model(tmp_path / "colours.onnx")
    run = tmp_path / "run"
    evaluate_model(model, tmp_path / "photos", tmp_path / "labels.txt", out=run)
    before = write_report(run)
    assert 'id="certificate"' not in before.path.read_text()
    certify_runs(run, run, evidence=run / CERTIFICATE)
    written = write_report(run)
    text = written.path.read_text()
    assert written.absent == before.absent
    assert 'id="certificate"' in text
    assert "all 30 images were drawn" in text
    assert '<figure class="funnel">' in text
    (run / CERTIFICATE).write_bytes(b"{}\n")
    told = [part for part in write_report(run).absent if part.section == "certificate"]
    assert len(told) == 1
    assert "is no evidence of 'regcore certify'" in told[0].reason
