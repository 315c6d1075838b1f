"""Logs, tables and results that are damaged anywhere are read, or refused by a RegcoreError."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from regcore.errors import RegcoreError
from regcore.formats.guide_result import read_guide_result
from regcore.formats.timm_results import find_baseline
from regcore.formats.trtexec import read_trtexec_log
from regcore.reports.comparison.comparison_file import to_dict
from regcore.reports.comparison.rendering import (
    rows_of_texts,
    sources,
    to_csv,
    to_markdown,
)
from regcore.reports.comparison.sources import Source
from regcore.reports.comparison.table import Ratio, compare, read_column
from regcore.reports.guide_lint.lint import lint
from regcore.reports.trtexec import to_dict as trtexec_dict

CASES = Path(__file__).parents[1] / "cases"
MUTATIONS = 100

RESULT = json.dumps(
    {
        "title": "Overall statistical evaluation",
        "value": [
            {"key": "Number of images", "value": "50000"},
            {"key": "Number of classes", "value": "1000"},
            {"key": "Top1 accuracy", "value": "77.85%"},
            {"key": "Top5 accuracy", "value": "93.72%"},
        ],
        "incomplete": {"expected_images": 50010},
    }
)
PERF = json.dumps(
    {
        "format": {"name": "regcore perf", "version": 1},
        "batch_size": 16,
        "images_per_s": 255.5,
        "interface_images_per_s": 714.5,
    }
)
SUMMARY = json.dumps(
    {
        "NPU_compute_time": {"min": 1.0, "max": 3.0, "mean": 2.0},
        "throughput": 8000.0,
        "args": {"model": "m_bs16.om"},
    }
)
MADE = {
    "result.json": RESULT,
    "perf.json": PERF,
    "summary.json": SUMMARY,
    "PureInfer_perf_of_m_bs8_in_device_0.txt": (
        "ave_throughputRate: 440.606samples/s, ave_latency: 2.304ms\n"
    ),
}
TOKENS = [
    "1e800000000", "-1", "0", "nan", "inf", "9" * 5000, "1" * 70, "1e-400", "\u0661", "\ud800",
    "null", "[" * 3000, "{}", '""', "\0", "\n", "\r", "|", "| bs1 | 1 |", "310", "bs", "batch=",
    "--batch=0", "--shapes=", "x", "=", ",", "...", "%", "true", "1.5", "\\u0000", "\\ud800", "\t",
    "[I] ", "&&&& RUNNING TensorRT.trtexec [TensorRT v..] # trtexec --x", "qps", "=== ",
]  # fmt: skip


def originals() -> dict[str, str]:
    found = dict(MADE)
    for path in sorted(path for kind in ("lint", "trtexec") for path in (CASES / kind).iterdir()):
        found[path.name] = path.read_text(encoding="utf-8")
    return found


def mutated(text: str, draw: random.Random) -> bytes:
    """The text with up to three pieces taken out, doubled, moved, or replaced by what hurts."""
    for _ in range(draw.randint(1, 3)):
        start = draw.randint(0, len(text))
        end = min(len(text), start + draw.choice((0, 1, 2, 5, 20, 200)))
        piece = draw.choice([*TOKENS, text[start:end] * 2, "", draw.choice("0123456789.-x:=|")])
        text = text[:start] + piece + text[end:]
    content = text.encode("utf-8", errors="surrogatepass")
    if draw.random() < 0.1:
        content += bytes([draw.randint(128, 255)])
    return content


def read_everything(path: Path) -> None:
    """All that compare makes of a file."""
    for metric in ("interface", "end-to-end", "post"):
        column = read_column("a", [Source(path)], metric, 4)
        found = compare(metric, [column], [Ratio("a", "a", 99)])
        texts = rows_of_texts(found)
        assert json.dumps(to_dict(found), allow_nan=False)
        assert to_csv(texts)
        assert to_markdown(texts)
        assert sources(found)


def read_table(path: Path) -> None:
    for model in (None, "regnety_016", "convnext_large.fb_in22k_ft_in1k"):
        find_baseline(model, path, 224)


def read_guide(path: Path) -> None:
    found = lint(path)
    assert found.checked >= len(found.mismatches)


def read_log(path: Path) -> None:
    for batch in (None, 16):
        assert json.dumps(trtexec_dict([read_trtexec_log(path, batch=batch)], []), allow_nan=False)


def readers(name: str) -> list[Callable[[Path], object]]:
    if name.endswith(".md"):
        return [read_guide, read_everything]
    if name.endswith(".csv"):
        return [read_table, read_everything]
    if name == "result.json":
        return [read_guide_result, read_everything]
    return [read_everything, read_log, read_guide]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(originals()))
def test_damaged_files_are_read_or_refused(tmp_path: Path, name: str) -> None:
    draw = random.Random(name)  # noqa: S311
    text = originals()[name]
    path = tmp_path / name
    for _ in range(MUTATIONS):
        path.write_bytes(mutated(text, draw))
        for read in readers(name):
            error = refusal(read, path)
            if error is not None:
                assert error.exit_code in {2, 3, 5}
                assert len(str(error)) < 2000
                assert path.name in str(error)


def refusal(read: Callable[[Path], object], path: Path) -> RegcoreError | None:
    """What a reader raises on purpose; whatever else it raises goes on."""
    try:
        read(path)
    except RegcoreError as error:
        return error
    return None
