"""Page-locked memory of the host, from which CUDA copies without a detour."""

from __future__ import annotations

from regcore.backends.cuda.resources import Resources
from regcore.backends.cuda.runtime import Cuda, import_cuda
from regcore.backends.page_locked import ResourceStack
from regcore.errors import BackendError

#: The last CUDA that has an extra of its own; `onnx-gpu` is for the newest.
_OLDER_CUDA = 12


def page_locked_memory(subject: str, number: int) -> ResourceStack | None:
    """What gives page-locked arrays for a GPU until it is released.

    subject: the model and the GPU, for errors. number: of the GPU. None where cuda-bindings are
    not there, or find no GPU: ordinary memory does, if slower.
    """
    try:
        cuda = Cuda(import_cuda(), subject, _extra)
        cuda.do("SetDevice", number)
    except BackendError:
        return None
    return Resources(cuda, number)


def _extra(cuda: int) -> str:
    return "onnx-gpu-cuda12" if cuda <= _OLDER_CUDA else "onnx-gpu"
