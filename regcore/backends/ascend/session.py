"""A device opened for a model: pyACL, the device, a context, and copies of the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.backends.ascend.model_io import ModelIO, describe_model
from regcore.backends.ascend.process import abandon, use_device
from regcore.backends.ascend.pyacl import Acl, import_acl
from regcore.backends.ascend.resources import Resources
from regcore.errors import BackendError
from regcore.models.build_record import BuildRecord, read_record


class Session:
    """Opens `device` for the .om file `path`, loads it, and describes it.

    Each copy of the model has memory of its own for its weights.
    record: what `regcore convert` wrote beside the file, if it did.
    Raises BackendError, with everything given back.
    """

    def __init__(self, path: Path, device: int) -> None:
        if not path.is_file():
            raise BackendError(f"{path}: no such model file")
        self.record: BuildRecord | None = read_record(path)
        self.acl = Acl(import_acl(), f"{path} on device {device}")
        self.resources = Resources(self.acl)
        self.soc = ""
        self._path = path
        self._zeros: NDArray[np.uint8] | None = None
        try:
            self.models = [self._open(device)]
            self.description: ModelIO = describe_model(self.acl, self.resources, self.models[0])
        except BaseException:
            self.close()
            raise

    def _open(self, device: int) -> int:
        self.resources.then(use_device(self.acl, device, self.close))
        context = self.resources.make("rt.create_context", device, undo="rt.destroy_context")
        self.resources.context = context
        self.soc = str(self.acl.get("get_soc_name") or "Ascend")
        return self.load()

    def load(self) -> int:
        """The id of another copy of the model."""
        try:
            return self.resources.make("mdl.load_from_file", str(self._path), undo="mdl.unload")
        except BackendError as error:
            if self.record is None or self.record.device == self.soc:
                raise
            built = f"it was built for {self.record.device}, this is {self.soc}"
            raise BackendError(f"{error}; {built}") from error

    def zeros(self, size: int) -> NDArray[np.uint8]:
        """`size` bytes of zeros in page-locked memory, at most those of a batch."""
        if self._zeros is None:
            most = self.description.input_bytes[self.description.image_index]
            self._zeros = self.resources.host_array((most,), np.dtype(np.uint8))
            self._zeros[:] = 0
        return self._zeros[:size]

    @property
    def subject(self) -> str:
        """The model and the device."""
        return self.acl.subject

    def enter(self) -> Acl:
        """pyACL, for this session in the calling thread. Raises BackendError after close()."""
        if not self.resources.context:
            raise BackendError(f"{self.subject}: the model was closed")
        self.acl.do("rt.set_context", self.resources.context)
        return self.acl

    def close(self) -> BackendError | None:
        """Gives everything back, also with work that nobody waited for; the first failure."""
        return self.resources.release()

    def abandon(self) -> None:
        """Leaves all as it is, as the device does not answer."""
        abandon()


def read_description(path: Path, device: int = 0) -> ModelIO:
    """What an .om takes and gives. Raises BackendError, as where there is no device."""
    session = Session(path, device)
    failure = session.close()
    if failure is not None:
        raise failure
    return session.description
