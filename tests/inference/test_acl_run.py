"""Runs on an emulated Ascend: the scores of ONNX Runtime to the bit, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acl_emulator import Emulator, Settings
from click.testing import CliRunner
from exported_models import ExportedModels
from labelled_photos import LabelledPhotos
from om_models import save_om
from PIL import Image
from vendor_tools import install

from regcore import Preprocessor
from regcore.backends.ascend import process
from regcore.backends.ascend.execution_slot import ExecutionSlot
from regcore.backends.registry import open_backend
from regcore.cli import cli
from regcore.inference.evaluate import Evaluation, evaluate
from regcore.models.metadata import ModelMetadata

ON_PATH = Path(__file__).parents[1] / "emulators" / "acl_emulator" / "on_path"
COMMAND = [sys.executable, "-c", "from regcore.__main__ import main; main()"]
COLOURS = ("red", "lime", "blue")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator()
    with emulator.installed():
        yield emulator
        process.shut_down()
    assert emulator.violations == []
    assert emulator.leaks == []
    assert emulator.alive() == []


@dataclass(frozen=True, eq=False)
class Case:
    """The real model as .onnx and in several forms as .om, and labelled photos."""

    onnx: Path
    oms: dict[str, Path]
    paths: list[str]
    labels: np.ndarray

    def evaluate(self, model: Path, batch_size: int, **how: Any) -> Evaluation:
        with open_backend(model, **how) as backend:
            own = ModelMetadata.from_properties(model, backend.metadata)
            assert own is not None
            preprocessor = Preprocessor(own.recipe)
            return evaluate(preprocessor, backend, self.paths, self.labels, batch_size=batch_size)

    @cache  # noqa: B019
    def expected(self, batch_size: int) -> Evaluation:
        return self.evaluate(self.onnx, batch_size)


FORMS = {
    "1": ("--batch", "1"),
    "7": ("--batch", "7"),
    "16": ("--batch", "16"),
    "gears": ("--dynamic-batch", "1,4,8,16"),
    "aipp": ("--batch", "16", "--aipp"),
}


@pytest.fixture(scope="module")
def case(
    tmp_path_factory: pytest.TempPathFactory,
    exported_models: ExportedModels,
    labelled_photos: LabelledPhotos,
) -> Case:
    folder = tmp_path_factory.mktemp("oms")
    onnx = exported_models.path("lite0")
    install(folder / "bin", "atc", "atc_stand_in.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(folder / "bin"), prepend=os.pathsep)
        for name, options in FORMS.items():
            out = folder / f"{name}.om"
            made = ("convert", onnx, "--to", "om", "--soc", "Ascend310P3", *options, "--out", out)
            result = CliRunner().invoke(cli, list(map(str, made)))
            assert result.exit_code == 0, result.stderr
    paths, labels = labelled_photos.read()
    oms = {name: folder / f"{name}.om" for name in FORMS}
    return Case(onnx, oms, list(map(str, paths)), labels)


@pytest.mark.parametrize("devices", [(0,), (0, 1, 2, 3)])
@pytest.mark.parametrize("batch", ["static", "gears"])
@pytest.mark.parametrize("batch_size", [1, 7, 16])
def test_an_evaluation_equals_the_one_on_onnx_runtime_to_the_bit(
    emulator: Emulator,
    case: Case,
    batch_size: int,
    batch: str,
    devices: tuple[int, ...],
) -> None:
    expected = case.expected(batch_size)
    model = case.oms[batch if batch == "gears" else str(batch_size)]
    found = case.evaluate(model, batch_size, devices=devices)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.values.view(np.uint32), expected.values.view(np.uint32))
    assert found.topn.hits.tolist() == expected.topn.hits.tolist()
    assert found.images == len(case.paths)
    assert found.topn.hits[0] >= 0.85 * found.images  # the real model on real photos
    used = {span.device for times in found.timeline.batches for span in times.spans}
    batches = -(-found.images // batch_size)
    assert used == set(devices[:batches])


def test_pixels_that_the_device_normalises(emulator: Emulator, case: Case) -> None:
    expected = case.expected(16)
    found = case.evaluate(case.oms["aipp"], 16)
    # float16 constants: not the same scores, but nearly.
    np.testing.assert_allclose(found.values, expected.values, atol=0.05)
    assert (found.indices[:, 0] == expected.indices[:, 0]).mean() > 0.95


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twenty-two photos of one colour each, with labels beside their folder."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(22):
        Image.new("RGB", (300 + i, 260), COLOURS[i % 3]).save(folder / f"{i}.jpg")
    labels = "".join(f"{i}.jpg {i % 3}\n" for i in range(22))
    (tmp_path / "labels.txt").write_text(labels)
    return folder


def environment(report: Path, **settings: Any) -> dict[str, str]:
    given = json.dumps({"report": str(report), **settings})
    inherited = {k: v for k, v in os.environ.items() if k != "ASCEND_LOG_DEVICE_FLUSH_TIMEOUT"}
    return {**inherited, "PYTHONPATH": str(ON_PATH), "ACL_EMULATOR": given}


def run_command(photos: Path, model: Path, *options: str) -> list[str]:
    labels, out = photos.parent / "labels.txt", photos.parent / "out"
    return [
        *COMMAND,
        "run",
        str(model),
        str(photos),
        "--labels",
        str(labels),
        "--out",
        str(out),
        "--recipe",
        "regnety_016",
        *options,
    ]


def check_report(report: Path) -> None:
    found = json.loads(report.read_text())
    assert found["finalised"]
    assert found["leaks"] == []
    assert found["violations"] == []
    assert found["waits_for_logs_ms"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--device", "0,1,2,3"), ("--batch-size", "3")])
def test_run_in_a_process_of_its_own(
    photos: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    model, report = save_om(tmp_path / "m.om", size=224, batch=(1, 4)), tmp_path / "report.json"
    result = subprocess.run(
        run_command(photos, model, "--json", *options),
        env=environment(report),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["hits"][0] == 22
    assert "Ascend310P3 device 0" in answer["provider"]
    assert ("device 3" in answer["provider"]) is ("--device" in options)
    check_report(report)


@pytest.mark.slow
def test_a_device_that_fails_in_the_middle(photos: Path, tmp_path: Path) -> None:
    model, report = save_om(tmp_path / "m.om", size=224), tmp_path / "report.json"
    result = subprocess.run(
        run_command(photos, model, "--device", "0,1"),
        env=environment(report, faults={"task.execute": {"4": 507011}}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 4
    assert "507011 ACL_ERROR_RT_MODEL_EXECUTE" in result.stderr
    assert not (tmp_path / "out" / "result.json").exists()
    check_report(report)


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--device", "0,1,2,3")])
def test_ctrl_c_in_a_run_leaves_nothing_on_the_device(
    photos: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    model, report = save_om(tmp_path / "m.om", size=224, batch=1), tmp_path / "report.json"
    command = subprocess.Popen(
        run_command(photos, model, *options),
        env=environment(report, images_per_s=1.0, trace=True),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with command:
        assert command.stderr is not None
        while "acl.mdl.execute_async" not in command.stderr.readline():
            assert command.poll() is None
        command.send_signal(signal.SIGINT)
        _, errors = command.communicate(timeout=60)
    assert command.returncode in (3, 130), errors
    check_report(report)


@pytest.mark.slow
def test_a_device_that_hangs_is_left_behind(photos: Path, tmp_path: Path) -> None:
    model, report = save_om(tmp_path / "m.om", size=224), tmp_path / "report.json"
    result = subprocess.run(
        run_command(photos, model, "--device", "0,1", "--device-timeout", "0.5"),
        env=environment(report, images_per_s=0.001),  # an hour for a batch
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 4
    assert "no answer to batch 0 within 0.5 s" in result.stderr
    assert not json.loads(report.read_text())["finalised"]


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--device", "0,1"), ("--output-binary",)])
def test_inferred_scores_are_those_of_onnx_runtime(
    emulator: Emulator, photos: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    model = save_om(tmp_path / "m.om", size=224)
    written = {}
    for name, given in (
        ("m.onnx", options[:1] * ("--output-binary" in options)),
        ("m.om", options),
    ):
        out = tmp_path / f"scores of {name}"
        command = ["infer", str(model.with_name(name)), str(photos), str(out), *given]
        command += ["--batch-size", "4", "--recipe", "regnety_016"]
        result = CliRunner().invoke(cli, command)
        assert result.exit_code == 0, result.stderr
        outputs = sorted(out.glob("dumpOutput_device*/*"))
        written[name] = {path.name: path.read_bytes() for path in outputs}
    assert len(written["m.om"]) == 22
    assert written["m.om"] == written["m.onnx"]


@pytest.mark.parametrize("command", ["run", "infer"])
def test_images_of_a_store_are_read_into_the_devices_memory(
    emulator: Emulator,
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    """No thread copies them once more, not even those of the last batch, which is not full."""
    store, out = tmp_path / "store", tmp_path / "out"
    made = ("preprocess", photos, store, "--recipe", "regnety_016", "--pack", "4")
    assert CliRunner().invoke(cli, list(map(str, made))).exit_code == 0

    def copied(*_: object) -> None:
        raise AssertionError("copied on the host")

    monkeypatch.setattr(ExecutionSlot, "_staged", copied)
    model, images = save_om(tmp_path / "m.om", size=224), (store, out)
    if command == "run":
        images = (store, "--labels", photos.parent / "labels.txt", "--out", out)
    arguments = (command, model, *images, "--device", "0,1,2,3", "--recipe", "regnety_016")
    result = CliRunner().invoke(cli, list(map(str, arguments)))
    assert result.exit_code == 0, result.stderr
    assert emulator.calls.count("mdl.execute_async") == 6


@pytest.mark.parametrize("options", [(), ("--copies", "1")])
def test_the_model_is_there_as_often_as_is_asked_for(
    emulator: Emulator, photos: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    model = save_om(tmp_path / "m.om", size=224)
    arguments = run_command(photos, model, "--device", "0,1", *options)[len(COMMAND) :]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.stderr
    assert emulator.calls.count("mdl.load_from_file") == (2 if options else 4)


def test_options_that_do_not_fit(photos: Path, tmp_path: Path) -> None:
    model = save_om(tmp_path / "m.om", size=224)
    for options, words in (
        (("--device", "0,0"), "not a list of different devices"),
        (("--device", "zero"), "not a list of different devices"),
        (("--batch-size", "5"), "the model takes 4 at most"),
        (("--copies", "0"), "must be from 1 to 4, not 0"),
    ):
        emulator = Emulator(Settings())
        with emulator.installed():
            arguments = run_command(photos, model, *options)[len(COMMAND) :]
            result = CliRunner().invoke(cli, arguments)
            process.shut_down()
        assert result.exit_code == 2
        assert words in result.stderr
        assert emulator.leaks == []


def test_inspect_asks_the_device(emulator: Emulator, tmp_path: Path) -> None:
    model = save_om(tmp_path / "m.om", batch=(1, 4, 16), aipp=True, extra_output=True)
    result = CliRunner().invoke(cli, ["inspect", str(model)])
    assert result.exit_code == 0, result.stderr
    for words in ("uint8 [N, 8, 8, 3]", "colour float32 [N, 3]", "1, 4 or 16", "none: name one"):
        assert words in result.stdout
    answer = json.loads(CliRunner().invoke(cli, ["inspect", str(model), "--json"]).stdout)
    assert [output["name"] for output in answer["outputs"]] == ["class", "colour"]
    assert emulator.calls.count("mdl.unload") == 2
    (tmp_path / "bad.om").write_bytes(b"IMOD")
    result = CliRunner().invoke(cli, ["inspect", str(tmp_path / "bad.om")])
    assert result.exit_code == 4
    assert "acl.mdl.load_from_file failed: 545001" in result.stderr


def test_inspect_has_the_record_and_the_device(emulator: Emulator, case: Case) -> None:
    shown = CliRunner().invoke(cli, ["inspect", str(case.oms["aipp"])]).stdout
    for words in ("uint8 [16, 224, 224, 3]", "class float32 [16, 1000]", "Ascend310P3", "lite0"):
        assert words in shown


def test_inspect_of_a_model_that_the_device_refuses(
    emulator: Emulator, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator.settings, "soc", "Ascend310")
    answer = json.loads(CliRunner().invoke(cli, ["inspect", str(case.oms["16"]), "--json"]).stdout)
    assert answer["batch"] == "16"
    assert "it was built for Ascend310P3, this is Ascend310" in answer["refusal"]
