"""Sessions of ONNX Runtime for one model on one of its providers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from regcore.backends.onnxruntime.batch_axis import BatchAxis
from regcore.backends.onnxruntime.cuda_libraries import (
    preload_libraries,
    what_helps,
    why_not_loaded,
)
from regcore.backends.onnxruntime.messages import one_line
from regcore.backends.onnxruntime.node_placement import (
    can_tell,
    heavy,
    in_words,
    on_cpu,
    record_placement,
    refuse_all_fallback,
)
from regcore.backends.onnxruntime.providers import Provider
from regcore.errors import BackendError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, SessionOptions

# What it logs as an error it raises as well; providers that do not load say so elsewhere.
_FATAL_ONLY = 4


@dataclass(frozen=True)
class SessionFactory:
    """Opens sessions of one model, which differ only in what they know of the size of batches.

    precision: see `settle_precision`.
    """

    runtime: ModuleType
    path: Path
    provider: Provider
    threads: int | None
    allow_fallback: bool
    precision: str

    @property
    def _may_fall_back(self) -> bool:
        return self.allow_fallback or self.provider.is_cpu

    @property
    def _is_checked(self) -> bool:
        """Whether sessions are as they should be where `open` raises nothing."""
        return self._may_fall_back or can_tell(self.runtime)

    def open(self) -> InferenceSession:
        """A session for batches of any size that the model takes.

        Raises BackendError where the provider is not there, and, unless fallback is allowed, where
        more than the arithmetic of shapes would run on the CPU instead. An ONNX Runtime that does
        not tell where its nodes are is not asked: see `only_on_device`.
        """
        return self._open(self._options())

    def open_fixed(self, axis: BatchAxis, size: int) -> InferenceSession | None:
        """A session for batches of just this size; None where the model cannot be fixed to it.

        Raises BackendError for that, too, where `open` could not look at the placement of nodes.
        """
        options = self._options()
        axis.fix(options, size)
        if not self._is_checked:
            refuse_all_fallback(options)
        try:
            session = self._open(options)
        except BackendError:
            if not self._is_checked:
                raise
            return None
        if axis.is_fixed(session, size):
            return session
        return None if self._is_checked else self.only_on_device(session)

    def only_on_device(self, session: InferenceSession) -> InferenceSession:
        """A session as `open` gives it, with a look at the placement of nodes made up for."""
        if self._is_checked:
            return session
        options = self._options()
        refuse_all_fallback(options)
        return self._open(options)

    def left_to_cpu(self, session: InferenceSession) -> Counter[str]:
        """The nodes on the CPU beside a device, as far as ONNX Runtime tells."""
        if self.provider.is_cpu or not can_tell(self.runtime):
            return Counter()
        return on_cpu(session)

    def _options(self) -> SessionOptions:
        options = self.runtime.SessionOptions()
        options.log_severity_level = _FATAL_ONLY
        if self.threads is not None:
            options.intra_op_num_threads = self.threads
        if can_tell(self.runtime):
            record_placement(options)
        return options

    def _open(self, options: SessionOptions) -> InferenceSession:
        if self.provider.uses_cuda:
            preload_libraries(self.runtime)
        try:
            # With its own fallback the runtime would go on elsewhere and say so on stdout only.
            session = self.runtime.InferenceSession(
                self.path, options, **self._place(options), enable_fallback=0
            )
        except Exception as error:  # its exceptions share no other base
            raise BackendError(f"{self.path}: {self._reason(error)}") from error
        if not self._may_fall_back:
            self._check_placement(session)
        return cast("InferenceSession", session)

    def _place(self, options: SessionOptions) -> dict[str, Any]:
        """Has the session run on the provider; what else it must be told for that."""
        plugin = self.provider.device
        if plugin is None:
            return {"providers": self.provider.with_options(self.precision)}
        options.add_provider_for_devices([plugin], self.provider.plugin_options(self.precision))
        return {}

    def _check_placement(self, session: InferenceSession) -> None:
        running, wanted = session.get_providers()[0], self.provider.name
        if running != wanted:
            cause = why_not_loaded(self.runtime, self.provider)
            raise BackendError(
                f"{self.path}: asked for {wanted}, but ONNX Runtime fell back to {running}"
                f"{f': {cause}' if cause else ''}; {what_helps(self.runtime, self.provider)}, "
                "or --allow-fallback"
            )
        left = heavy(self.left_to_cpu(session))
        if left:
            raise BackendError(
                f"{self.path}: {wanted} does not take all of the model: {in_words(left)} would run "
                "on the CPU; --allow-fallback permits it"
            )

    def _reason(self, error: Exception) -> str:
        reason = one_line(error)
        if "INVALID_PROTOBUF" in reason:
            return "not an ONNX model, or only a part of one; ONNX Runtime cannot read it"
        if "fallback to CPU" in reason:
            return (
                f"{reason}; ONNX Runtime {self.runtime.__version__} does not tell which, 1.24 and "
                "later do; --allow-fallback permits it"
            )
        if self.provider.is_cpu:
            return reason
        cause = why_not_loaded(self.runtime, self.provider)
        if not cause:
            return reason
        known = "" if cause in reason else f": {cause}"
        return f"{reason.rstrip('.')}{known}; {what_helps(self.runtime, self.provider)}"
