"""What lies in a run's folder and is of another run is left out by name, and nothing else is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import regcore
from onnx_models import save_model
from PIL import Image

from regcore.evaluation.run_identity import is_same_model, new_identity, strangers

CARRIERS = ("perf.json", "trace.json", "comparison.json", "verdict.json")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six images, with their labels beside the folder."""
    folder = tmp_path_factory.mktemp("photos") / "photos"
    folder.mkdir()
    for i in range(6):
        Image.new("RGB", (40, 40), ("red", "lime", "blue")[i % 3]).save(folder / f"{i}.png")
    labels = "".join(f"{i}.png {i % 3}\n" for i in range(6))
    (folder.parent / "labels.txt").write_text(labels)
    return folder


def evaluate(photos: Path, out: Path, batch: int, model: object = "simulated:900") -> None:
    result = regcore(
        *("run", model, photos, "--labels", photos.parent / "labels.txt", "--out", out),
        *("--batch-size", batch, "--trace", out / "trace.json", "--recipe", "regnety_016"),
    )
    assert result.exit_code == 0, result.output


@pytest.fixture
def run_folder(photos: Path, tmp_path: Path) -> Path:
    """A run with everything that is made of it."""
    out = tmp_path / "run"
    evaluate(photos, out, 2)
    judged = regcore("verdict", out, "--baseline-top1", 50, "--max-drop", "1pt")
    assert judged.exit_code in {0, 1, 3}, judged.output
    assert regcore("compare", f"ours={out}", "--out", out).exit_code == 0
    return out


def content(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def change(path: Path, how: Callable[[dict[str, Any]], object]) -> None:
    found = content(path)
    how(found)
    path.write_text(json.dumps(found))


def test_identities_are_random() -> None:
    assert len({new_identity() for _ in range(100)}) == 100


def test_all_files_of_a_run_carry_its_identity(run_folder: Path) -> None:
    identity = content(run_folder / "run.json")["run"]
    assert {content(run_folder / name)["run"] for name in CARRIERS} == {identity}
    assert content(run_folder / "perf.json")["files"] == ["perf_vision_batchsize_2_device_0.txt"]
    assert strangers(run_folder) == {}


def test_rates_of_an_earlier_run_in_the_folder_are_left_out(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    for batch in (1, 2):
        evaluate(photos, out, batch)
    compared = regcore("compare", f"ours={out}", "--json")
    assert compared.exit_code == 0, compared.output
    found = json.loads(compared.stdout)
    assert [cell["batch"] for cell in found["columns"][0]["cells"]] == [2]
    words = "perf_vision_batchsize_1_device_0.txt: is of another run: perf.json does not name it"
    assert words in compared.stderr
    assert any(words in line for line in found["doubts"])


def test_a_device_that_only_the_earlier_run_had_is_not_added(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    evaluate(photos, out, 2)
    text = out / "perf_vision_batchsize_2_device_0.txt"
    shutil.copy(text, text.with_name("perf_vision_batchsize_2_device_1.txt"))
    cell = json.loads(regcore("compare", f"ours={out}", "--json").stdout)["columns"][0]["cells"][0]
    assert "+" not in " ".join(cell["rules"])
    change(out / "perf.json", lambda perf: [perf.pop("run"), perf.pop("files")])
    change(out / "run.json", lambda run: run.pop("run"))
    assert list(strangers(out)) == ["perf_vision_batchsize_2_device_1.txt"]


@pytest.mark.slow
@pytest.mark.parametrize("older", [False, True])
def test_a_text_that_another_run_has_replaced_is_left_out(
    photos: Path, tmp_path: Path, *, older: bool
) -> None:
    for name in ("run", "other"):
        evaluate(photos, tmp_path / name, 2)
    out, text = tmp_path / "run", "perf_vision_batchsize_2_device_0.txt"
    if older:
        change(out / "perf.json", lambda perf: [perf.pop("run"), perf.pop("files")])
        change(out / "run.json", lambda run: run.pop("run"))
    assert strangers(out) == {}
    shutil.copy(tmp_path / "other" / text, out)
    assert list(strangers(out)) == [text]
    assert f"{text}: is of another run: it took " in regcore("compare", f"a={out}").stderr


def test_rates_of_a_later_inference_are_left_out(run_folder: Path, tmp_path: Path) -> None:
    noise = tmp_path / "noise"
    regcore("infer", "simulated:100", "--random", noise, "--rounds", 2, "--batch-size", 1)
    for path in noise.iterdir():
        shutil.copy(path, run_folder)
    (run_folder / "comparison.json").unlink()
    compared = regcore("compare", f"ours={run_folder}", "--json")
    assert compared.exit_code == 0, compared.output
    assert json.loads(compared.stdout)["columns"][0]["cells"] == []
    for name in ("perf.json", "perf_vision_batchsize_1_device_0.txt", "PureInfer_perf_of_"):
        assert f"{run_folder}/{name}" in compared.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", CARRIERS)
def test_a_report_leaves_out_what_carries_another_identity(run_folder: Path, name: str) -> None:
    pytest.importorskip("jinja2")
    assert f"{name} is of another run" not in regcore("report", run_folder).stderr
    change(run_folder / name, lambda found: found.update(run=new_identity()))
    result = regcore("report", run_folder)
    assert result.exit_code == 0, result.output
    assert f"{name} is of another run" in result.stderr


@pytest.mark.slow
def test_a_record_without_identity_owns_nothing_that_has_one(run_folder: Path) -> None:
    pytest.importorskip("jinja2")
    run = content(run_folder / "run.json")["run"]
    change(run_folder / "run.json", lambda run: run.pop("run"))
    told = regcore("report", run_folder).stderr
    for name in ("perf.json", "comparison.json", "verdict.json"):
        assert f"{name} is of another run" in told
    assert "timeline: it needs the perf.json of this run" in told
    change(run_folder / "run.json", lambda found: found.update(run=run))
    for name in CARRIERS:
        if name != "perf.json":
            change(run_folder / name, lambda found: found.pop("run"))
    told = regcore("report", run_folder).stderr
    for name in CARRIERS:
        assert (f"{name} is of another run" in told) == (name != "perf.json")


@pytest.mark.slow
def test_files_of_older_versions_are_read(run_folder: Path) -> None:
    pytest.importorskip("jinja2")
    for name in ("run.json", *CARRIERS):
        change(run_folder / name, lambda found: found.pop("run"))
    change(run_folder / "perf.json", lambda perf: perf.pop("files"))
    text = run_folder / "perf_vision_batchsize_2_device_0.txt"
    shutil.copy(text, text.with_name("perf_vision_batchsize_4_device_0.txt"))
    assert list(strangers(run_folder)) == ["perf_vision_batchsize_4_device_0.txt"]
    assert "is of another run" not in regcore("report", run_folder).stderr
    change(run_folder / "perf.json", lambda perf: perf.update(seconds=perf["seconds"] + 1))
    assert "rates: perf.json is of another run: it took" in regcore("report", run_folder).stderr
    assert set(strangers(run_folder)) >= {"perf.json", text.name}


def test_inferences_of_noise_share_a_folder_where_the_model_is_the_same(tmp_path: Path) -> None:
    def infer(model: str, batch: int) -> list[str]:
        result = regcore(
            *("infer", model, "--random", tmp_path, "--rounds", 2, "--batch-size", batch)
        )
        assert result.exit_code == 0, result.output
        return list(content(tmp_path / "perf.json")["files"])

    names = [f"perf_vision_batchsize_{batch}_device_0.txt" for batch in (1, 2)]
    assert infer("simulated:900", 1) == names[:1]
    assert infer("simulated:900", 2) == names
    assert infer("simulated:900", 2) == names
    assert infer("simulated:90", 2) == names[1:]
    assert list(strangers(tmp_path)) == names[:1]


@pytest.mark.slow
@pytest.mark.parametrize("what", ["model", "recipe"])
def test_the_profile_of_another_model_or_recipe_is_left_out(
    photos: Path, tmp_path: Path, what: str
) -> None:
    pytest.importorskip("jinja2")
    out = tmp_path / "run"
    models = [save_model(tmp_path / name) for name in ("a.onnx", "b.onnx")]
    evaluate(photos, out, 2, models[0])
    profile = ("profile", models[0], photos, "--seconds", 0.01, "--batch", "1,2", "--out", out)
    profiled = regcore(*profile, "--recipe", "regnety_016")
    assert profiled.exit_code == 0, profiled.output
    assert "each stage alone" not in regcore("report", out).stderr
    other = str(models[1]) if what == "model" else "other (0123456789ab)"
    change(out / "profile.json", lambda found: found.update({what: other}))
    result = regcore("report", out)
    assert f"each stage alone: profile.json is of another {what}, {other}, not " in result.stderr
    assert "The profile: " not in (out / "report.html").read_text()


def test_a_model_may_be_named_in_two_ways(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_same_model("m.onnx", f"{tmp_path}/./m.onnx")
    assert not is_same_model("a/m.onnx", "b/m.onnx")


def test_files_of_others_are_not_read_as_ours(tmp_path: Path) -> None:
    for text in ("[]", "{}", '{"format": 3}', '{"run": {}}', '{"format": {"name": ["regcore"]}}'):
        for name in ("run.json", "perf.json"):
            (tmp_path / name).write_text(text)
        (tmp_path / "perf_vision_batchsize_4_device_0.txt").write_text("")
        assert strangers(tmp_path) == {}
