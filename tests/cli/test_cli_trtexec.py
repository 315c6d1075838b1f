"""regcore trtexec, with a stand-in of the program."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from onnx_models import save_model
from trtexec_output import queries_per_s
from vendor_tools import install

from regcore.cli import cli


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model, and the stand-in on the PATH."""
    pytest.importorskip("onnx")
    install(tmp_path / "bin", "trtexec", "trtexec_stand_in.py")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    return save_model(tmp_path / "m.onnx")


def measure(model: Path, *options: object) -> Result:
    logs = model.with_name("logs")
    arguments = ["trtexec", str(model), "--logs", str(logs), *map(str, options)]
    return CliRunner().invoke(cli, arguments)


@pytest.mark.slow
def test_a_table_with_a_log_for_each_batch(model: Path) -> None:
    result = measure(model, "--batch", "4,1,4", "--fp16")
    assert result.exit_code == 0, result.stderr
    assert "Stand-in T4, TensorRT 10.1.0" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines()]
    shown = [row[:2] for row in rows if row and row[0].isdigit()]
    assert shown == [[str(b), f"{b * queries_per_s(b):.1f}"] for b in (1, 4)]
    assert sorted(path.name for path in model.with_name("logs").iterdir()) == [
        "m_fp16_bs1.log",
        "m_fp16_bs4.log",
    ]
    assert "GPU compute time is unstable" in result.stderr
    assert "do not compare" not in result.stderr
    log = model.with_name("logs") / "m_fp16_bs4.log"
    assert "--threads --fp16 --shapes=image:4x3x224x224" in log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("version", ["7203", "8201", "8602", "100100", "110100"])
def test_every_version(model: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    pytest.importorskip("onnxruntime")
    monkeypatch.setenv("TRTEXEC_VERSION", version)
    result = measure(model, "--batch", "1,64", "--json", "--fp16")
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["failures"] == []
    assert [r["batch"][0] for r in answer["results"]] == [1, 64]
    assert [r["images_per_s"] for r in answer["results"]] == [
        queries_per_s(batch) * batch for batch in (1, 64)
    ]
    assert [path.suffix for path in model.with_name("logs").iterdir()] == [".log"] * 2


@pytest.mark.slow
def test_a_batch_that_fails_leaves_the_others(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRTEXEC_STAND_IN", "little memory")
    result = measure(model, "--batch", "16,32")
    assert result.exit_code == 4
    assert "16" in result.stdout
    assert "bs32.log:" in result.stderr
    assert "trtexec failed: Error Code 1: Cuda Runtime (out of memory)" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "words"),
    [("killed", "the log ends before trtexec does"), ("no summary", "without a performance sum")],
)
def test_runs_without_a_summary(
    model: Path, monkeypatch: pytest.MonkeyPatch, fault: str, words: str
) -> None:
    monkeypatch.setenv("TRTEXEC_STAND_IN", fault)
    result = measure(model, "--batch", "1", "--json")
    assert result.exit_code == 4
    assert json.loads(result.stdout)["results"] == []
    assert words in result.stderr


@pytest.mark.slow
def test_further_options_go_to_trtexec(model: Path) -> None:
    result = measure(model, "--batch", "1", "--json", "--", "--useCudaGraph")
    assert result.exit_code == 0, result.stderr
    (found,) = json.loads(result.stdout)["results"]
    assert found["settings"]["CUDA Graph"][0] == "Enabled"
    result = measure(model, "--batch", "1", "--", "--nonsense")
    assert result.exit_code == 4
    assert "trtexec failed: Unknown option: --nonsense" in result.stderr


@pytest.mark.slow
def test_tf32_is_named(model: Path) -> None:
    """It is trtexec's own choice, of which its log says nothing."""
    result = measure(model, "--batch", "1", "--json")
    assert "trtexec multiplies float32 as TF32 where the GPU has it" in result.stderr
    (found,) = json.loads(result.stdout)["results"]
    assert found["settings"]["TF32"][0] == "Enabled"
    result = measure(model, "--batch", "1", "--json", "--", "--noTF32")
    assert "TF32" not in result.stderr.replace("--noTF32", "")
    (found,) = json.loads(result.stdout)["results"]
    assert found["settings"]["TF32"][0] == "Disabled"


@pytest.mark.slow
def test_the_times_of_all_queries_are_read_like_a_log(model: Path, tmp_path: Path) -> None:
    times = tmp_path / "times_bs16.json"
    assert measure(model, "--batch", 16, "--", f"--exportTimes={times}").exit_code == 0
    found = CliRunner().invoke(cli, ["compare", f"T4={times}"])
    assert found.exit_code == 0, found.stderr
    assert "16" in found.stdout


@pytest.mark.slow
def test_results_that_do_not_compare_are_told(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from regcore.performance import trtexec_rates

    ordinary = trtexec_rates.RateMeasurement.command

    def with_graph(self: trtexec_rates.RateMeasurement, onnx: Path, batch: int) -> list[str]:
        return ordinary(self, onnx, batch) + (["--useCudaGraph"] if batch > 1 else [])

    monkeypatch.setattr(trtexec_rates.RateMeasurement, "command", with_graph)
    result = measure(model, "--batch", "1,4")
    assert result.exit_code == 0
    assert "do not compare: CUDA Graph: Disabled against Enabled" in result.stderr


@pytest.mark.slow
def test_a_built_in_batch_size(tmp_path: Path, model: Path) -> None:
    static = save_model(tmp_path / "static.onnx", batch=4)
    result = measure(static, "--json")
    assert [r["batch"][0] for r in json.loads(result.stdout)["results"]] == [4]
    result = measure(static, "--batch", "1,8")
    assert result.exit_code == 2
    assert "built-in batch size of 4" in result.stderr


@pytest.mark.parametrize("batches", [",", "0", "1,x", "-1"])
def test_batch_sizes_are_checked(model: Path, batches: str) -> None:
    result = measure(model, "--batch", batches)
    assert result.exit_code == 2
    assert "not a list such as 1,4,8,16" in result.stderr


def test_no_trtexec(model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(
        "regcore.convert.tensorrt.trtexec_builder._USUAL_PLACE", tmp_path / "trtexec"
    )
    result = measure(model)
    assert result.exit_code == 4
    assert "put trtexec on the PATH" in result.stderr


@pytest.mark.slow
def test_an_output_takes_no_others_place(model: Path) -> None:
    logs = model.with_name("logs")
    logs.mkdir()
    notes = logs / "m_bs1.log"
    notes.write_text("my notes\n")
    result = measure(model, "--batch", "1")
    assert result.exit_code == 2
    assert "m_bs1.log: is there and was not written by this command" in result.stderr
    assert notes.read_text() == "my notes\n"
    assert measure(model, "--batch", "1", "--force").exit_code == 0
    assert measure(model, "--batch", "1").exit_code == 0
    before = model.read_bytes()
    for option in ("exportTimes", "saveEngine", "timingCacheFile"):
        result = measure(model, "--batch", "1", "--force", "--", f"--{option}={model}")
        assert result.exit_code == 2
        assert "would be written over the input" in result.stderr
    notes.unlink()
    notes.symlink_to(model)
    result = measure(model, "--batch", "1", "--force")
    assert result.exit_code == 2
    assert model.read_bytes() == before


@pytest.mark.slow
def test_a_device_with_markup_in_its_name(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from regcore.formats.trtexec import lines

    whole = lines.Log.__init__

    def renamed(self: lines.Log, path: str, text: str) -> None:
        whole(self, path, text.replace("Stand-in T4", "[/x] T4\x1b[31m"))

    monkeypatch.setattr(lines.Log, "__init__", renamed)
    result = measure(model, "--batch", "1")
    assert result.exit_code == 0, result.stderr
    assert "[/x] T4\\x1b[31m" in result.stdout
