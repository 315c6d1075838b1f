"""A run with everything that a report can trip over."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import regcore
from onnx_models import save_model
from PIL import Image

HOSTILE = "<script>alert(1)</script>&'.png"


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run on 24 photos that are mostly right; one has a hostile name, one is no photo."""
    pytest.importorskip("jinja2")
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(23):
        Image.new("RGB", (40, 40), ("red", "lime", "blue")[i % 3]).save(photos / f"{i:02}.png")
    Image.new("RGB", (40, 40), "blue").save(photos / HOSTILE.replace("/", "_"), "PNG")
    (photos / "bad.jpg").write_bytes(b"no photo")
    labels = tmp_path / "labels.txt"
    names = sorted(path.name for path in photos.iterdir())
    classes = [(i + (i % 10 == 3)) % 3 for i in range(len(names))]
    lines = (f"{name} {label}\n" for name, label in zip(names, classes, strict=True))
    labels.write_text("".join(lines))
    out = tmp_path / "run"
    result = regcore(
        *("run", save_model(tmp_path / "m.onnx"), photos, "--labels", labels, "--out", out),
        *("--batch-size", 4, "--trace", out / "trace.json"),
    )
    assert result.exit_code == 3, result.output
    return out
