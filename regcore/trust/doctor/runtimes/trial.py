"""A tiny model that is really run: whether a device is listed says little of whether it works."""

from __future__ import annotations

from functools import partial
from importlib.resources import as_file, files

import numpy as np

from regcore.backends.registry import open_backend
from regcore.errors import BackendError
from regcore.trust.doctor.findings import DeviceFound
from regcore.trust.doctor.runtimes.protocol import tried

#: Scores are the mean of each colour; tests/trust/test_doctor_runtimes.py makes it.
MODEL = "mean-colours.onnx"
_SIDE = 8
_COLOURS = (0.25, 0.5, 0.75)
_TOLERANCE = 1e-2


def try_model(name: str, prefix: str, provider: str | None) -> DeviceFound:
    """Runs it there. name: of the device, for people; prefix: of the model's spelling."""
    return tried(name, partial(_run, prefix, provider))


def _run(prefix: str, provider: str | None) -> str:
    images = np.empty((1, 3, _SIDE, _SIDE), np.float32)
    images[:] = np.reshape(_COLOURS, (1, 3, 1, 1))
    place = files(__package__) / MODEL
    with as_file(place) as path, open_backend(f"{prefix}{path}", provider=provider) as backend:
        scores = backend.run(images)
        ran_on = backend.provider
    if not np.allclose(scores, _COLOURS, atol=_TOLERANCE):
        raise BackendError(f"{ran_on}: gives {scores.ravel().tolist()} for {list(_COLOURS)}")
    return ran_on
