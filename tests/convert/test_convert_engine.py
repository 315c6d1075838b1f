"""regcore convert --to engine, with stand-ins of trtexec and of TensorRT's Python package."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tensorrt_stand_in
from click.testing import CliRunner, Result
from engine_file import read_engine
from onnx_models import save_model
from tensorrt_emulator import Emulator, Settings
from vendor_tools import install

from regcore.backends.registry import open_backend, read_metadata
from regcore.cli import cli
from regcore.convert.tensorrt import engine
from regcore.convert.tensorrt import trtexec_builder as trtexec
from regcore.convert.tensorrt.gpu import gpu_name
from regcore.errors import BackendError
from regcore.formats.trtexec import banner_version
from regcore.models.build_record import read_record
from regcore.models.metadata import ModelMetadata
from regcore.recipes.recipe import Recipe

REGNET = Recipe.preset("regnety_016")
CACHE = "CACHE Stand-in T4\n"


def to_engine(model: Path, *options: object) -> Result:
    arguments = ("convert", model, "--to", "engine", *options)
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def files(model: Path) -> list[str]:
    return sorted(path.name for path in model.parent.iterdir())


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache, and a machine without TensorRT."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(engine, "find_spec", sys.modules.get)
    monkeypatch.delitem(sys.modules, "tensorrt", raising=False)
    return tmp_path / "cache" / "regcore"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in of trtexec on the PATH."""
    install(tmp_path / "bin", "trtexec", "trtexec_stand_in.py")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)


def package(
    monkeypatch: pytest.MonkeyPatch, version: str, *faults: str, gpu: str = "Stand-in T4"
) -> None:
    """The stand-in of the Python package, imported, and the CUDA of the same GPU."""
    module = tensorrt_stand_in.module(version, *faults, gpu=gpu)
    monkeypatch.setitem(sys.modules, "tensorrt", module)
    bindings = ModuleType("cuda.bindings")
    bindings.runtime = Emulator(Settings(name=gpu)).runtime  # type: ignore[attr-defined]
    for name in ("cuda", "cuda.bindings"):
        monkeypatch.setitem(sys.modules, name, bindings)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return model_in(tmp_path / "models")


def model_in(folder: Path, **options: Any) -> Path:
    onnx = pytest.importorskip("onnx")
    folder.mkdir()
    path = save_model(folder / "m.onnx", **options)
    made = onnx.load(path)
    onnx.helper.set_model_props(made, ModelMetadata(REGNET, "colours.v1").to_properties())
    onnx.save(made, path)
    return path


@pytest.mark.slow
@pytest.mark.usefixtures("program")
def test_trtexec(model: Path, cache: Path) -> None:
    result = to_engine(model, "--batch-max", 32)
    assert result.exit_code == 0, result.stderr
    assert "for Stand-in T4, as in the ONNX file, batch size 1, 16, 32" in result.stdout
    assert "&&&& PASSED" in result.stderr
    built = model.with_name("m.engine")
    assert files(model) == ["m.engine", "m.engine.json", "m.onnx"]
    header, inside = read_engine(built)
    assert header["profile"] == [[size, 3, 224, 224] for size in (1, 16, 32)]
    assert (header["version"], header["fp16"]) == ([10, 1, 0], False)
    assert inside == model.read_bytes()
    record = read_record(built)
    assert record is not None
    assert record.builder == "TensorRT 10.1.0"
    assert read_metadata(built) == ModelMetadata(REGNET, "colours.v1")


@pytest.mark.slow
@pytest.mark.usefixtures("program")
def test_the_timing_cache_is_kept(model: Path, cache: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert to_engine(model).exit_code == 0
    (kept,) = cache.iterdir()
    assert kept.name == "tensorrt-10-1-0.timing-cache"  # there is no telling which GPU it is
    assert kept.read_text() == CACHE + "a build\n" * 2
    assert to_engine(model, "--timing-cache", tmp_path / "own").exit_code == 0
    assert (tmp_path / "own").read_text() == CACHE + "a build\n"


@pytest.mark.slow
@pytest.mark.usefixtures("program")
def test_trtexec_does_without_a_damaged_timing_cache(model: Path, cache: Path) -> None:
    cache.mkdir(parents=True)
    kept = cache / "tensorrt-10-1-0.timing-cache"
    kept.write_text("damaged")
    result = to_engine(model)
    assert result.exit_code == 0, result.stderr
    assert "the timing cache is left out" in result.stderr
    assert kept.read_text() == CACHE + "a build\n"


def test_a_timing_cache_for_each_gpu(
    model: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for gpu in ("Stand-in T4", "Stand-in/L4", "Stand-in T4"):
        package(monkeypatch, "11.4.0.106", gpu=gpu)
        result = to_engine(model, "--json")
        assert result.exit_code == 0, result.stderr
        assert json.loads(result.stdout)["device"] == gpu
    kept = {path.name: path.read_text() for path in cache.iterdir()}
    assert kept == {
        "tensorrt-11-4-0-Stand-in-T4.timing-cache": CACHE + "a build\n" * 2,
        "tensorrt-11-4-0-Stand-in-L4.timing-cache": "CACHE Stand-in/L4\na build\n",
    }


def test_the_name_of_the_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu_name() is None
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho Tesla T4\necho Tesla T4\n")
    program.chmod(0o755)
    assert gpu_name() == "Tesla T4"
    package(monkeypatch, "10.1.0", gpu="what CUDA says")
    assert gpu_name() == "what CUDA says"
    program.write_text("#!/bin/sh\necho NVIDIA-SMI has failed\nexit 9\n")
    monkeypatch.delitem(sys.modules, "cuda")
    monkeypatch.delitem(sys.modules, "cuda.bindings")
    assert gpu_name() is None


@pytest.mark.parametrize("content", ["damaged", "CACHE another GPU\na build\n"])
def test_no_timing_cache_fails_a_build(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    package(monkeypatch, "10.1.0")
    own = tmp_path / "own.timing-cache"
    own.write_text(content)
    result = to_engine(model, "--timing-cache", own)
    assert result.exit_code == 0, result.stderr
    assert "the timing cache is left out" in result.stderr
    assert own.read_text() == CACHE + "a build\n"


def test_a_timing_cache_that_cannot_be_kept(
    model: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(monkeypatch, "10.1.0")
    cache.parent.mkdir()
    cache.write_text("a file in the place of the folder")
    result = to_engine(model)
    assert result.exit_code == 0, result.stderr
    assert "the timing cache is not kept" in result.stderr
    # Nor is one where TensorRT gives none, or raises.
    monkeypatch.setattr(tensorrt_stand_in.TimingCache, "serialize", lambda _: None)
    assert to_engine(model).exit_code == 0
    monkeypatch.setattr(tensorrt_stand_in.TimingCache, "serialize", lambda _: 1 / "")
    assert to_engine(model).exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize("way", ["trtexec", "10.1.0", "11.4.0.106"])
@pytest.mark.parametrize("tf32", [False, True])
def test_tf32_only_where_it_is_asked_for(
    model: Path, request: pytest.FixtureRequest, way: str, *, tf32: bool
) -> None:
    if way == "trtexec":
        request.getfixturevalue("program")
    else:
        package(request.getfixturevalue("monkeypatch"), way)
    result = to_engine(model, "--json", *(["--tf32"] if tf32 else []))
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["precision"] == "as in the ONNX file" + (", with TF32" if tf32 else "")
    assert Path(answer["path"]).name == ("m_tf32.engine" if tf32 else "m.engine")
    assert read_engine(Path(answer["path"]))[0]["tf32"] is tf32


def test_where_tensorrt_does_not_start(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(monkeypatch, "10.1.0", "no CUDA")
    result = to_engine(model)
    assert result.exit_code == 4
    assert "TensorRT: createInferBuilder: Error Code 6: CUDA error 35" in result.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("program")
def test_files_of_others_stay(model: Path, tmp_path: Path) -> None:
    content = model.read_bytes()
    notes = tmp_path / "notes"
    notes.write_text("mine")
    for options, words in (
        (("--timing-cache", model), "would be written over the input"),
        (("--timing-cache", model.with_name("m.engine")), "are one file"),
        (("--timing-cache", notes), "--force"),
        (("--timing-cache", "/dev/null"), "is a device or pipe"),
    ):
        result = to_engine(model, *options)
        assert result.exit_code != 0
        assert words in result.stderr
    assert (model.read_bytes(), notes.read_text()) == (content, "mine")
    model.with_name("m.engine").write_text("mine")
    assert "m.engine: is there and was not written" in to_engine(model).stderr
    assert to_engine(model, "--force").exit_code == 0
    assert to_engine(model).exit_code == 0


@pytest.mark.slow
@pytest.mark.usefixtures("program")
@pytest.mark.parametrize(("version", "flag"), [("8602", True), ("100100", True), ("110100", False)])
def test_float16_in_every_version(
    model: Path, monkeypatch: pytest.MonkeyPatch, version: str, *, flag: bool
) -> None:
    monkeypatch.setenv("TRTEXEC_VERSION", version)
    result = to_engine(model, "--fp16", "--json")
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["precision"] == "float16"
    header, inside = read_engine(Path(answer["path"]))
    assert header["fp16"] is flag
    # Where there is no flag, the ONNX file itself is in float16.
    assert (inside == model.read_bytes()) is flag
    if not flag:
        half = model.with_name("half.onnx")
        half.write_bytes(inside)
        onnx = pytest.importorskip("onnx")
        weights = onnx.load(half).graph.initializer
        assert {tensor.data_type for tensor in weights} == {onnx.TensorProto.FLOAT16}
        with open_backend(half) as backend:
            assert backend.inputs[0].dtype == "float32"


@pytest.mark.slow
@pytest.mark.usefixtures("program")
def test_trtexec_that_fails_leaves_nothing(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRTEXEC_STAND_IN", "killed")
    result = to_engine(model)
    assert result.exit_code == 4
    assert "trtexec failed: exit code -9" in result.stderr
    assert result.stderr.count("&&&& RUNNING") == 1
    assert files(model) == ["m.onnx"]


@pytest.mark.slow
@pytest.mark.usefixtures("program")
def test_a_built_in_batch_size(tmp_path: Path) -> None:
    model = model_in(tmp_path / "models", batch=4)
    result = to_engine(model, "--json")
    assert json.loads(result.stdout)["batches"] == [4]
    assert read_engine(model.with_suffix(".engine"))[0]["profile"] is None
    result = to_engine(model, "--batch-opt", 8)
    assert result.exit_code == 2
    assert "built-in batch size of 4" in result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--batch-min", 8, "--batch-max", 4), "8, 8 and 4 are out of order"),
        (("--batch-opt", 8, "--batch-max", 4), "1, 8 and 4 are out of order"),
        (("--soc", "Ascend310"), "--soc is for --to om"),
        (("--aipp",), "--aipp is for --to om"),
    ],
)
def test_options_that_make_no_sense(model: Path, options: tuple[object, ...], words: str) -> None:
    result = to_engine(model, *options)
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((None, None, None), (1, 16, 64)),
        ((None, None, 4), (1, 4, 4)),
        ((32, None, None), (32, 32, 64)),
        ((None, 128, None), (1, 128, 128)),
    ],
)
def test_default_batch_sizes(
    model: Path, given: tuple[int | None, int | None, int | None], expected: tuple[int, int, int]
) -> None:
    from regcore.models.onnx_file import read_onnx

    assert engine.batch_range(read_onnx(model), *given) == expected


@pytest.mark.parametrize("version", ["8.6.1", "10.1.0", "11.4.0.106"])
def test_the_python_package(
    model: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    package(monkeypatch, version)
    for _ in range(2):
        result = to_engine(model, "--fp16", "--batch-max", 16)
        assert result.exit_code == 0, result.stderr
    assert "TensorRT: the GPU is slow" in result.stderr
    assert "a lot of talk" not in result.stderr
    header, inside = read_engine(model.with_name("m_fp16.engine"))
    assert header["profile"] == [[size, 3, 224, 224] for size in (1, 16, 16)]
    old = not version.startswith("11")
    assert header["fp16"] is old
    assert (inside == model.read_bytes()) is old
    (kept,) = cache.iterdir()
    assert kept.read_text() == CACHE + "a build\n" * 2


def test_the_python_package_that_fails(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(monkeypatch, "10.1.0", "no memory")
    result = to_engine(model)
    assert result.exit_code == 4
    assert "TensorRT built no engine: out of memory here" in result.stderr
    assert files(model) == ["m.onnx"]


def test_no_tensorrt(model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(trtexec, "_USUAL_PLACE", tmp_path / "trtexec")
    result = to_engine(model)
    assert result.exit_code == 4
    assert "pip install tensorrt" in result.stderr
    (tmp_path / "trtexec").write_text("#!/bin/sh\necho no libnvinfer >&2\nexit 127\n")
    (tmp_path / "trtexec").chmod(0o755)
    assert "does not say its version, but: no libnvinfer" in to_engine(model).stderr


@pytest.mark.parametrize(
    ("text", "version"),
    [("7203", (7, 2, 3)), ("8602", (8, 6, 2)), ("101602", (10, 16, 2)), ("8.6.1", (8, 6, 1))],
)
def test_banner_versions(text: str, version: tuple[int, int, int]) -> None:
    assert banner_version(text) == version


@pytest.mark.slow
@pytest.mark.usefixtures("program")
def test_an_engine_of_another_version_is_refused(model: Path) -> None:
    assert to_engine(model).exit_code == 0
    built = model.with_name("m.engine")
    record = read_record(built)
    assert record is not None
    record.check_builder(built, engine.builder_name((10, 1, 0)))
    with pytest.raises(BackendError, match=r"built by TensorRT 10\.1\.0 .* here is TensorRT 8\.6"):
        record.check_builder(built, engine.builder_name((8, 6, 1)))
