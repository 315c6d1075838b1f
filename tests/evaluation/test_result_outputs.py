"""What run, infer and profile refuse to write over, to guess, or to divide by."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from command_line import regcore
from onnx_models import save_model
from PIL import Image

from regcore.errors import DatasetError, MismatchError
from regcore.inference.inputs.bin_files import BinInputs
from regcore.recipes.recipe import Recipe


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a", "b"):
        Image.new("RGB", (256, 256), "red").save(folder / f"{name}.JPEG")
    (tmp_path / "labels.txt").write_text("a.JPEG 0\nb.JPEG 0\n")
    return folder


def run(model: object, photos: Path, *options: object, out: Path | None = None) -> object:
    where = out or photos.parent / "out"
    labels = photos.parent / "labels.txt"
    return regcore("run", model, photos, "--labels", labels, "--out", where, *options)


def test_a_trace_never_takes_the_place_of_the_model(photos: Path, tmp_path: Path) -> None:
    model = save_model(tmp_path / "m.onnx")
    before = model.read_bytes()
    link = tmp_path / "link.json"
    link.symlink_to(model)
    for trace in (model, link):
        result = run(model, photos, "--trace", trace, "--force")
        assert result.exit_code == 2
        assert "would be written over the input" in result.stderr
        result = regcore("infer", model, photos, tmp_path / "i", "--trace", trace, "--force")
        assert result.exit_code == 2
    assert model.read_bytes() == before


@pytest.mark.parametrize(
    "name", ["result.json", "perf.json", "predictions.csv", "decisions.csv", "verdict.json"]
)
def test_a_run_replaces_no_file_of_others(photos: Path, name: str) -> None:
    out = photos.parent / "out"
    out.mkdir()
    (out / name).write_text("mine\n")
    result = run("simulated:9999", photos)
    assert result.exit_code == 2
    assert f"{name}: is there and was not written by this command" in result.stderr
    assert (out / name).read_text() == "mine\n"
    assert run("simulated:9999", photos, "--force").exit_code == 0
    assert run("simulated:9999", photos).exit_code == 0  # over its own


def test_a_run_removes_the_report_and_the_trace_of_an_earlier_one(photos: Path) -> None:
    pytest.importorskip("jinja2")
    out = photos.parent / "out"
    trace, report = out / "trace.json", out / "report.html"
    assert run("simulated:9999", photos, "--trace", trace).exit_code == 0
    assert regcore("report", out).exit_code == 0
    assert trace.exists()
    assert report.exists()
    assert run("simulated:9999", photos).exit_code == 0
    assert not trace.exists()
    assert not report.exists()


def test_a_run_leaves_a_report_and_a_trace_of_others(photos: Path) -> None:
    out = photos.parent / "out"
    out.mkdir()
    others = {
        "report.html": "<!doctype html>\n<p>mine</p>\n",
        "trace.json": '{"displayTimeUnit": "ms", "traceEvents": [\n{"name": "x"}\n]}\n',
    }
    for name, content in others.items():
        (out / name).write_text(content)
    assert run("simulated:9999", photos).exit_code == 0
    assert {name: (out / name).read_text() for name in others} == others


def test_results_do_not_mix_with_the_photos(photos: Path) -> None:
    for out in (photos, photos / "below"):
        result = run("simulated:9999", photos, out=out)
        assert result.exit_code == 2
        assert "the folder of the images" in result.stderr
    assert len(list(photos.iterdir())) == 2


def test_an_inference_and_a_run_have_folders_of_their_own(photos: Path, tmp_path: Path) -> None:
    assert run("simulated:9999", photos).exit_code == 0
    result = regcore("infer", "simulated:9999", photos, tmp_path / "out")
    assert result.exit_code == 2
    assert "is the folder of a 'regcore run'" in result.stderr
    assert regcore("infer", "simulated:9999", photos, tmp_path / "scores").exit_code == 0
    assert run("simulated:9999", photos, out=tmp_path / "scores").exit_code == 2


def test_a_run_leaves_no_lock(photos: Path) -> None:
    assert run("simulated:9999", photos).exit_code == 0
    assert not (photos.parent / "out" / "run.lock").exists()


@pytest.mark.parametrize("command", ["run", "infer"])
def test_a_recipe_is_not_guessed(photos: Path, tmp_path: Path, command: str) -> None:
    model = save_model(tmp_path / "m.onnx", says_recipe=False)

    def start(*options: str) -> object:
        if command == "run":
            return run(model, photos, *options)
        return regcore("infer", model, photos, tmp_path / "out", *options)

    result = start()
    assert result.exit_code == 2
    assert "--recipe RECIPE" in result.stderr
    assert not (tmp_path / "out").exists()
    assert start("--recipe", "regnety_016").exit_code == 0


def test_swapped_arguments_are_named(photos: Path, tmp_path: Path) -> None:
    model = save_model(tmp_path / "m.onnx")
    result = regcore("run", photos, model, "--labels", tmp_path / "labels.txt")
    assert result.exit_code == 2
    assert "MODEL comes first" in result.stderr


def test_a_device_of_no_time_has_no_rate(photos: Path, tmp_path: Path) -> None:
    assert run("simulated:1e300", photos).exit_code == 0
    perf = json.loads((tmp_path / "out" / "perf.json").read_text())
    assert perf["interface_images_per_s"] is None
    result = regcore("infer", "simulated:1e300", "--random", "--rounds", 2, tmp_path / "noise")
    assert result.exit_code == 0
    pure = next((tmp_path / "noise").glob("PureInfer*")).read_text()
    assert pure == "ave_throughputRate: n/a, ave_latency: 0ms\n"


@pytest.mark.slow
def test_records_of_an_inference_may_be_anything(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores"
    assert regcore("infer", "simulated:9999", photos, out).exit_code == 0
    rng = np.random.default_rng(5)
    originals = {name: (out / name).read_bytes() for name in ("infer.json", "infer.sources.npy")}
    from regcore.inference.output_folder import _check_job, _update_sources
    from regcore.inference.score_writer import PredictionWriter

    versions = np.load(io.BytesIO(originals["infer.sources.npy"]))
    writer = PredictionWriter(out, ["a.JPEG", "b.JPEG"], binary=False)
    job = json.loads(originals["infer.json"])
    refused = 0
    for _ in range(100):
        for name, original in originals.items():
            damaged = bytearray(original)
            damaged[rng.integers(len(damaged))] = rng.integers(256)
            (out / name).write_bytes(damaged)
        try:
            _check_job(out, job)
        except (DatasetError, MismatchError):
            refused += 1
        _update_sources(out, writer, versions)
        assert (out / "infer.sources.npy").read_bytes() == originals["infer.sources.npy"]
    assert refused > 50


def test_a_pipe_is_no_prepared_image(tmp_path: Path) -> None:
    import os

    from regcore.inference.inputs.bin_files import _read_into

    os.mkfifo(tmp_path / "a.bin")
    assert _read_into(str(tmp_path / "a.bin"), np.zeros(4, np.uint8)) == "not a regular file"
    os.mkfifo(tmp_path / "list.info")
    with pytest.raises(DatasetError, match=r"list\.info: is a pipe|not a regular file"):
        BinInputs(tmp_path / "list.info", Recipe(), workers=1)


def test_brackets_and_escapes_in_a_model_name_are_text(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "[").mkdir()
    strange = save_model(tmp_path / "[" / "x].onnx")
    for out, command in (("out", "run"), ("scores", "infer")):
        if command == "run":
            result = run(strange, photos, out=tmp_path / out)
        else:
            result = regcore("infer", strange, photos, tmp_path / out)
        assert result.exit_code == 0, result.stderr
        assert "[/x].onnx" in result.stdout.replace("\n", "").replace(" ", "")


def with_weights_beside(model: Path) -> Path:
    """Saves the weights of a model in a file of their own, as large models have them."""
    onnx = pytest.importorskip("onnx")
    loaded = onnx.load(model)
    onnx.save_model(
        loaded, model, save_as_external_data=True, location="trace.json", size_threshold=0
    )
    return model.parent / "trace.json"


def test_what_belongs_to_a_model_is_an_input(photos: Path, tmp_path: Path) -> None:
    model = save_model(tmp_path / "m.onnx")
    weights = with_weights_beside(model)
    (tmp_path / "m.onnx.json").write_text("{}")
    (tmp_path / "link.json").symlink_to(weights)
    content = weights.read_bytes()
    for trace in (weights, tmp_path / "link.json", tmp_path / "m.onnx.json"):
        for result in (
            run(model, photos, "--trace", trace, "--force"),
            regcore("infer", model, photos, tmp_path / "i", "--trace", trace, "--force"),
        ):
            assert result.exit_code == 2
            assert "would be written over the input" in result.stderr
    assert weights.read_bytes() == content
    other = tmp_path / "other.json"
    other.write_text("mine")
    assert run(model, photos, "--trace", other, "--force").exit_code == 0


def test_labels_are_an_input(photos: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    content = labels.read_bytes()
    assert run("simulated:9999", photos, "--trace", labels, "--force").exit_code == 2
    assert labels.read_bytes() == content


def test_inputs_among_the_scores_are_not_deleted(photos: Path, tmp_path: Path) -> None:
    store, info, out = tmp_path / "store", tmp_path / "a.info", tmp_path / "out"
    recipe = ("--recipe", "regnety_016")
    assert regcore("preprocess", photos, store, *recipe).exit_code == 0
    inside = out / "dumpOutput_device0"
    out.mkdir()
    store.rename(inside)
    assert regcore("info", "bin", inside, info, 224, 224).exit_code == 0
    for images in (inside, info):
        result = regcore("infer", "simulated:9999", images, out, "--force", *recipe)
        assert result.exit_code == 2, result.output
        assert "lies among the scores" in result.stderr
    assert (inside / "a.bin").exists()


def test_a_prepared_file_is_not_written_over(photos: Path, tmp_path: Path) -> None:
    store, info = tmp_path / "store", tmp_path / "a.info"
    recipe = ("--recipe", "regnety_016")
    assert regcore("preprocess", photos, store, *recipe).exit_code == 0
    (store / "a.bin").rename(tmp_path / "perf.json")
    info.write_text(f"0 {tmp_path / 'perf.json'} 224 224\n")
    content = (tmp_path / "perf.json").read_bytes()
    result = regcore("infer", "simulated:9999", info, tmp_path, "--force", *recipe)
    assert result.exit_code == 2
    assert "would be written over the input" in result.stderr
    assert (tmp_path / "perf.json").read_bytes() == content


@pytest.mark.slow
def test_a_profile_replaces_the_file_of_others_only_with_force(
    photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "profile"
    out.mkdir()
    (out / "profile.json").write_text("mine\n")
    profile = ("profile", "simulated:9999", photos, "--seconds", 0.01, "--out", out)
    result = regcore(*profile)
    assert result.exit_code == 2
    assert "--force to replace it" in result.stderr
    assert (out / "profile.json").read_text() == "mine\n"
    assert regcore(*profile, "--force").exit_code == 0
    assert json.loads((out / "profile.json").read_text())["recipe_from"] == "default"
