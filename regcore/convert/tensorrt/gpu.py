"""Which GPU TensorRT builds for: the first that CUDA sees."""

from __future__ import annotations

import shutil
import subprocess

from regcore.backends.cuda.runtime import Cuda, import_cuda
from regcore.errors import BackendError


def gpu_name() -> str | None:
    """What CUDA calls it, else nvidia-smi; None where neither is here."""
    try:
        name = Cuda(import_cuda(), "the GPU").value("GetDeviceProperties", 0).name
    except BackendError:
        return _first_of_nvidia_smi()
    return name.decode() if isinstance(name, bytes) else str(name)


def _first_of_nvidia_smi() -> str | None:
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    shown = subprocess.run(  # noqa: S603
        [program, "--query-gpu=name", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        check=False,
    )
    return shown.stdout.partition("\n")[0].strip() or None if shown.returncode == 0 else None
