"""regcore inspect: what it shows of each format, and what it refuses."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from command_line import regcore
from exported_models import ExportedModels
from onnx_models import save_model
from vendor_tools import install

from regcore import Recipe


def test_an_exported_model(exported_models: ExportedModels) -> None:
    path = exported_models.path("regnety_016")
    shown = regcore("inspect", path).stdout
    for words in (
        "image float32 [N, 3, 224, 224]",
        "class float32 [N, 1000]",
        "11,1",  # without the statistics of batch normalisation
        "regnety_016.pycls_in1k",
        "short side to 256 by bicubic as in Pillow",
    ):
        assert words in shown
    answer = json.loads(regcore("inspect", path, "--json").stdout)
    assert answer["inputs"] == [{"name": "image", "dtype": "float32", "shape": [None, 3, 224, 224]}]
    assert answer["opset"] == 11
    assert answer["batch"] == "any"
    assert answer["bytes"] == path.stat().st_size
    assert Recipe.from_dict(answer["recipe"]) == Recipe.preset("regnety_016")
    assert 11_100_000 < answer["weights"]["float32"] < 11_202_430


def test_a_half_model(exported_models: ExportedModels) -> None:
    answer = json.loads(regcore("inspect", exported_models.path("half"), "--json").stdout)
    assert answer["weights"]["float16"] > 4_600_000
    assert answer["weights"]["float32"] == 7


def test_a_foreign_model(tmp_path: Path) -> None:
    result = regcore(
        "inspect", save_model(tmp_path / "m.onnx", batch=4, extra_output=True, says_recipe=False)
    )
    assert result.exit_code == 0
    assert "batch size   4" in result.stdout
    assert "colour float32 [4, 3]" in result.stdout
    assert "none: name one to commands" in result.stdout


@pytest.mark.slow
def test_a_device_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnx")
    install(tmp_path / "bin", "atc", "atc_stand_in.py")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    model = save_model(tmp_path / "m.onnx")
    options = ("--soc", "Ascend310", "--dynamic-batch", "1,4,16", "--aipp")
    result = regcore(
        "convert",
        model,
        "--to",
        "om",
        *options,
        "--recipe",
        "regnety_016",
        "--out",
        tmp_path / "m.om",
    )
    assert result.exit_code == 0, result.stderr
    shown = regcore("inspect", tmp_path / "m.om").stdout
    for words in ("uint8 [N, 224, 224, 3]", "1, 4 or 16", "Ascend310", "force_fp16", "m.onnx"):
        assert words in shown
    answer = json.loads(regcore("inspect", tmp_path / "m.om", "--json").stdout)
    assert answer["recipe"]["dtype"] == "uint8"
    (tmp_path / "m.om.json").unlink()
    result = regcore("inspect", tmp_path / "m.om")
    assert result.exit_code == 4
    assert "only a driver can read it (an Ascend and its pyACL)" in result.stderr


@pytest.mark.parametrize(
    ("name", "words"), [("m.onnx", "not an ONNX model"), ("m.pth", "expected a file .onnx")]
)
def test_what_cannot_be_inspected(tmp_path: Path, name: str, words: str) -> None:
    pytest.importorskip("onnx")
    (tmp_path / name).write_bytes(b"\x08\x01nothing")
    result = regcore("inspect", tmp_path / name)
    assert result.exit_code == 4
    assert words in result.stderr
