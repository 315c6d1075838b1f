"""Trained weights from files that others have made: nothing in them is ever executed."""

from __future__ import annotations

import hashlib
import pickle
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regcore.errors import BackendError, MismatchError
from regcore.frameworks import import_torch

# Under these names training scripts keep the weights, beside optimizer and epoch.
_WRAPPERS = ("state_dict_ema", "model_ema", "state_dict", "model")
_PARALLEL_PREFIX = "module."
_CODE = re.compile(r"unsupported global:? (?:GLOBAL )?([\w.]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Weights:
    """Tensors by name, and the SHA-256 of their file in hex."""

    tensors: dict[str, Any]
    sha256: str


def read_weights(path: Path, *, md5: str | None = None, sha256: str | None = None) -> Weights:
    """Reads a `.safetensors` file, or what torch.save wrote, on the CPU.

    md5, sha256: hex digests that the file must have. Raises MismatchError where it has another,
    BackendError where it is no file of weights, or a pickle that would run code.
    """
    digests = _digests(path)
    for name, wanted in (("md5", md5), ("sha256", sha256)):
        if wanted is not None and wanted.lower() != digests[name]:
            raise MismatchError(
                f"{path}: its {name} is {digests[name]}, not {wanted.lower()}: "
                "another file, or damaged on the way"
            )
    content = _load_safetensors(path) if path.suffix == ".safetensors" else _load_pickle(path)
    return Weights(_state_dict(path, content), digests["sha256"])


def _digests(path: Path) -> dict[str, str]:
    if path.exists() and not path.is_file():  # a FIFO would wait, a device has no end
        raise BackendError(f"{path}: is no regular file of weights")
    hashes = {"md5": hashlib.md5(usedforsecurity=False), "sha256": hashlib.sha256()}
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            for each in hashes.values():
                each.update(block)
    return {name: each.hexdigest() for name, each in hashes.items()}


def _load_safetensors(path: Path) -> object:
    from safetensors.torch import load_file

    try:
        tensors: object = load_file(path)
    except Exception as error:  # its exceptions share no other base
        reason = " ".join(str(error).split())
        raise BackendError(f"{path}: not a safetensors file: {reason}") from error
    return tensors


def _load_pickle(path: Path) -> object:
    torch = import_torch()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickle versions
            content: object = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        found = _CODE.search(" ".join(str(error).split()))
        what = f"{found[1]}, which could run code" if found else "more than tensors"
        raise BackendError(
            f"{path}: refused: this pickle holds {what}; "
            "save the state_dict() alone, or as .safetensors"
        ) from error
    except Exception as error:  # whatever the bytes of a broken file lead to
        reason = " ".join(str(error).split()).split(". ", 1)[0] or type(error).__name__
        raise BackendError(f"{path}: not a file of weights: {reason}") from error
    return content


def _state_dict(path: Path, content: object) -> dict[str, Any]:
    if isinstance(content, Mapping):
        wrapped = [key for key in _WRAPPERS if isinstance(content.get(key), Mapping)]
        if len(wrapped) > 1:
            raise BackendError(
                f"{path}: holds several sets of weights ({', '.join(wrapped)}); "
                "save the one that is meant into a file of its own"
            )
        if wrapped:
            content = content[wrapped[0]]
    if not isinstance(content, Mapping) or not all(map(_is_tensor, content.values())):
        raise BackendError(f"{path}: not a state dict, that is tensors by name")
    names = [str(name) for name in content]
    # DataParallel puts its prefix before every name.
    cut = len(_PARALLEL_PREFIX) if all(n.startswith(_PARALLEL_PREFIX) for n in names) else 0
    return {name[cut:]: tensor for name, tensor in zip(names, content.values(), strict=True)}


def _is_tensor(value: object) -> bool:
    return isinstance(value, import_torch().Tensor)
