"""Every vendor's name that is used, and every one that an emulator offers, in the real wheels.

REGCORE_VENDORS=index in the environment asks the package index for the oldest and the newest that
pyproject.toml allows, so that a release that breaks regcore shows here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from vendors.emulator_offers import cuda_offers, onnxruntime_offers, tensorrt_offers
from vendors.inferred_uses import inferred_uses
from vendors.source_uses import cuda_uses, tensorrt_uses
from vendors.use import Use, complaints
from vendors.wheels import describe, stub_libraries, unpacked

index = pytest.mark.skipif(
    os.environ.get("REGCORE_VENDORS") != "index", reason="REGCORE_VENDORS=index asks the index"
)


def check(uses: list[Use], *folders: Path, libraries: Path | None = None) -> None:
    """Complains of nothing but a name that is made up, which shows that the check can complain."""
    wrong = Use(uses[0].module, "aNameThatIsMadeUp", "made up")
    found = describe([*uses, wrong], *folders, libraries=libraries)
    assert complaints(wrong, found[-1]) == [f"{wrong.module}.{wrong.name} (made up): is not there"]
    told = [text for use, one in zip(uses, found, strict=False) for text in complaints(use, one)]
    assert not told, "\n".join(["", *sorted(set(told))])


#: The oldest that any extra of pyproject.toml allows.
_OLDEST_CUDA = min(
    re.findall(
        r"cuda-bindings>=([0-9.]+)", (Path(__file__).parents[2] / "pyproject.toml").read_text()
    ),
    key=lambda version: tuple(map(int, version.split("."))),
)


@index
@pytest.mark.slow
@pytest.mark.parametrize("requirement", [f"=={_OLDEST_CUDA}", "<13", ">=13"])
def test_cuda_bindings(requirement: str) -> None:
    folders = [unpacked(f"cuda-bindings{requirement}"), unpacked("cuda-pathfinder")]
    uses = [*cuda_uses(), *cuda_offers()]
    assert len(uses) > 80
    check(uses, *folders)


#: Those of the calls for each batch that older ones made while no other thread could run.
_FOR_EACH_BATCH = ("SetDevice", "EventRecord", "GraphLaunch", "EventSynchronize")


def holding_the_gil(folder: Path) -> set[str]:
    """The functions of a wheel of cuda-bindings that let no other Python thread run."""
    source = (folder / "cuda" / "bindings" / "runtime.pyx").read_text()
    found = re.findall(
        r"^def cuda(\w+)\((.*?)(?=^@cython|^def |\Z)", source, re.MULTILINE | re.DOTALL
    )
    return {name for name, body in found if "with nogil" not in body}


@index
@pytest.mark.slow
def test_the_oldest_cuda_bindings_let_other_threads_run() -> None:
    assert not holding_the_gil(unpacked(f"cuda-bindings=={_OLDEST_CUDA}")) & {*_FOR_EACH_BATCH}
    # The last that did not.
    assert holding_the_gil(unpacked("cuda-bindings==12.9.0")) >= {*_FOR_EACH_BATCH}


@index
@pytest.mark.slow
@pytest.mark.parametrize(
    ("requirement", "version"),
    [
        ("tensorrt-cu12-bindings==10.0.1", "10.0.1"),
        ("tensorrt-cu12-bindings<11", "10.16.1"),
        ("tensorrt-cu13-bindings", "11.4.0"),
    ],
)
def test_tensorrt(tmp_path: Path, requirement: str, version: str) -> None:
    folder = unpacked(requirement)
    major = int(version.partition(".")[0])
    uses = [*tensorrt_uses(major), *tensorrt_offers(version)]
    assert len(uses) > 60
    check(uses, folder, libraries=stub_libraries(tmp_path, major))


#: The real bindings over libraries without content, as of TensorRT on an unfit driver, and an
#: emulated CUDA.
_OPEN = """
import sys, pathlib, tensorrt_bindings
sys.modules["tensorrt"] = tensorrt_bindings
from tensorrt_emulator import Emulator
from regcore.backends.registry import open_backend
from regcore.convert.tensorrt.job import EngineJob
from regcore.convert.tensorrt.python_builder import PythonBuilder
from regcore.errors import BackendError
emulator = Emulator()
emulator.tensorrt = tensorrt_bindings
path = pathlib.Path(sys.argv[1])
job = EngineJob(path, "image", (), fp16_flag=False, tf32=False, timing_cache=path)
with emulator.installed():
    for action in (lambda: open_backend(path), lambda: PythonBuilder().build(job, path, print)):
        try:
            action()
        except BackendError as error:
            print(error)
"""


@index
@pytest.mark.slow
@pytest.mark.parametrize(
    ("requirement", "major"), [("-cu12-bindings<11", 10), ("-cu13-bindings", 11)]
)
def test_a_tensorrt_that_does_not_start(tmp_path: Path, requirement: str, major: int) -> None:
    model = tmp_path / "m.engine"
    model.write_bytes(b"an engine")
    tests = Path(__file__).parents[1]
    folders = [unpacked(f"tensorrt{requirement}"), tests, tests / "emulators"]
    done = subprocess.run(
        [sys.executable, "-c", _OPEN, str(model)],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, folders)),
            "LD_LIBRARY_PATH": str(stub_libraries(tmp_path, major)),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    opened, built = done.stdout.splitlines()
    reason = "pybind11::init(): factory function returned nullptr"
    assert (opened, built) == (
        f"{model} on GPU 0: no runtime: {reason}",
        f"TensorRT: {reason}",
    ), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("vendor", ["onnxruntime", "openvino"])
def test_what_is_installed(vendor: str) -> None:
    pytest.importorskip(vendor)
    uses = inferred_uses(vendor)
    if vendor == "openvino" and not uses:
        pytest.skip("regcore does not use it")
    assert len(uses) > 15
    check(uses)


@pytest.mark.slow
def test_the_stand_in_of_onnx_runtime() -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxruntime_stand_in")
    uses = list(onnxruntime_offers())
    assert len(uses) > 10
    check(uses)


def test_names_of_every_kind_are_found_in_the_source() -> None:
    calls = {(use.name, use.arguments, use.gives) for use in cuda_uses()}
    assert ("cudaMemcpyAsync", 5, 1) in calls
    assert ("cudaStreamCreateWithFlags", 1, 2) in calls
    assert ("cudaStreamDestroy", 1, 1) in calls
    assert ("cudaMemcpyKind.cudaMemcpyHostToDevice", None, None) in calls
    names = {(use.name, use.arguments, use.keywords) for use in tensorrt_uses(10)}
    assert ("Runtime", 1, ()) in names
    assert ("IBuilderConfig.set_timing_cache", 1, ("ignore_mismatch",)) in names
    assert ("ILogger.Severity.ERROR", None, ()) in names
    assert ("DataType.HALF", None, ()) in names
    assert "BuilderFlag.FP16" not in {use.name for use in tensorrt_uses(11)}
