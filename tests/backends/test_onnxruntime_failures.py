"""What regcore says where ONNX Runtime, or what it needs, does not load."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from regcore.backends.onnxruntime import library
from regcore.backends.onnxruntime.cuda_libraries import (
    preload_libraries,
    what_helps,
    why_not_loaded,
)
from regcore.backends.onnxruntime.messages import one_line
from regcore.backends.onnxruntime.providers import Provider
from regcore.errors import BackendError

CUDA = Provider("cuda", "CUDAExecutionProvider")
TENSORRT = Provider("tensorrt", "TensorrtExecutionProvider")
PLACE = "/src/onnxruntime/"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            (
                f"{PLACE}python/onnxruntime_pybind_state.cc:729 void onnxruntime::python::Register("
                "PySessionOptions&, const ProviderOptions&) Please install TensorRT\nhere"
            ),
            "Please install TensorRT here",
        ),
        (
            (
                f"{PLACE}core/session/provider_bridge_ort.cc:2043 onnxruntime::Provider& ort::"
                "ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library"
            ),
            "[ONNXRuntimeError] : 1 : FAIL : Failed to load library",
        ),
        (
            (
                f"{PLACE}core/providers/cuda/cuda_call.cc:121 std::conditional_t<THROW, void, int> "
                "onnxruntime::CudaCall(ERRTYPE, const char*, int) [with ERRTYPE = cudaError; bool "
                "THROW = true] CUDA failure 100: no CUDA-capable device is detected"
            ),
            "CUDA failure 100: no CUDA-capable device is detected",
        ),
        (
            f"{PLACE}core/a.h:1 int onnxruntime::A::f(std::function<void(int)>) const It broke",
            "It broke",
        ),
        ("m.onnx:1 has no (signature)", "m.onnx:1 has no (signature)"),
        ("", "RuntimeError"),
    ],
)
def test_messages_without_a_signature(text: str, left: str) -> None:
    assert one_line(RuntimeError(text)) == left


def runtime(folder: Path, version: str = "1.31.1", cuda: str = "13.0") -> Any:
    """A package whose library for CUDA needs libwanting.so.13, which is nowhere."""
    capi = folder / "capi"
    capi.mkdir(exist_ok=True)
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    source = folder / "one.c"
    source.write_text("int one(void) { return 1; }\n")
    needed, made = folder / "libwanting.so.13", capi / "libonnxruntime_providers_cuda.so"
    shared = [compiler, "-shared", "-fPIC", str(source)]
    subprocess.run([*shared, "-Wl,-soname,libwanting.so.13", "-o", str(needed)], check=True)
    subprocess.run([*shared, "-Wl,--no-as-needed", str(needed), "-o", str(made)], check=True)
    needed.unlink()
    return SimpleNamespace(
        __file__=str(folder / "__init__.py"), __version__=version, cuda_version=cuda
    )


def test_the_cause_is_asked_of_the_linker(tmp_path: Path) -> None:
    made = runtime(tmp_path)
    assert why_not_loaded(made, CUDA).startswith("libwanting.so.13: cannot open shared object")
    assert why_not_loaded(made, TENSORRT) == ""


@pytest.mark.parametrize(
    ("version", "cuda", "provider", "words"),
    [
        ("1.31.1", "13.0", CUDA, ["needs CUDA 13, cuDNN 9 and a driver", "CUDA 12 'onnxrun"]),
        ("1.26.0", "12.8", CUDA, ["needs CUDA 12, cuDNN 9 and a driver", "gpu[cuda,cudnn]'"]),
        ("1.18.1", "", CUDA, ["needs CUDA that it was built for, its cuDNN"]),
        ("1.31.1", "13.0", TENSORRT, ["cuDNN 9, TensorRT and a driver", "tensorrt-cu13"]),
    ],
)
def test_which_cuda_is_needed(
    version: str, cuda: str, provider: Provider, words: list[str]
) -> None:
    told = what_helps(SimpleNamespace(__version__=version, cuda_version=cuda), provider)  # type: ignore[arg-type]
    assert all(word in told for word in words)
    assert ("<1.27" in told) == (cuda == "13.0")


def test_a_runtime_without_preloading_is_left_alone() -> None:
    preload_libraries(SimpleNamespace())  # type: ignore[arg-type]


def test_a_package_for_numpy_1_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numpy_version = library.version("numpy")
    if numpy_version.startswith("1."):
        pytest.skip("needs NumPy 2")
    info = tmp_path / "onnxruntime_cann-1.24.4.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: onnxruntime-cann\nVersion: 1.24.4\n"
    )
    package = tmp_path / "onnxruntime"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('numpy.core failed to import')\n")
    for name in [name for name in sys.modules if name.partition(".")[0] == "onnxruntime"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BackendError, match=r"cann 1\.24\.4 does not import with NumPy 2.*'numpy<2"):
        library.import_onnxruntime()
