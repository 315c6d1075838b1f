"""Where the images of a batch lie while a device computes them, and where its scores come out."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

from regcore.backends.onnxruntime.plugins import has_own_memory
from regcore.backends.onnxruntime.providers import Provider, memory_of

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, IOBinding


class DeviceMemory(Protocol):
    """Memory of a device."""

    @property
    def number(self) -> int:
        """The number of the device."""

    @property
    def score_place(self) -> tuple[str, int]:
        """Where scores are bound to, in the words of an IOBinding."""

    def bind(
        self, runtime: ModuleType, binding: IOBinding, name: str, images: NDArray[Any]
    ) -> None:
        """Copies the images there and binds them to the input `name`."""


@dataclass(frozen=True)
class NamedMemory:
    """That of a provider which is part of the runtime. name: in the runtime's words."""

    name: str
    number: int

    @property
    def score_place(self) -> tuple[str, int]:
        """The device itself, so that copying the scores can be timed."""
        return self.name, self.number

    def bind(
        self, runtime: ModuleType, binding: IOBinding, name: str, images: NDArray[Any]
    ) -> None:
        """See DeviceMemory."""
        value = runtime.OrtValue.ortvalue_from_numpy(images, self.name, self.number)
        binding.bind_ortvalue_input(name, value)


@dataclass(frozen=True)
class PluginMemory:
    """That of a plugin's device, to and from which only its own session copies."""

    number: int

    @property
    def score_place(self) -> tuple[str, int]:
        """The host."""
        return "cpu", 0

    def bind(
        self, runtime: ModuleType, binding: IOBinding, name: str, images: NDArray[Any]
    ) -> None:
        """See DeviceMemory."""
        del runtime
        binding.bind_cpu_input(name, images)
        binding.synchronize_inputs()


def memory_for(
    runtime: ModuleType, session: InferenceSession, provider: Provider
) -> DeviceMemory | None:
    """The memory of the device on which a session runs, None where that is the host's."""
    if session.get_providers()[0] != provider.name:
        return None  # it fell back
    if provider.device is not None:
        has_own = has_own_memory(runtime, provider.device)
        return PluginMemory(provider.number or 0) if has_own else None
    name = memory_of(provider.name)
    number = int(session.get_provider_options().get(provider.name, {}).get("device_id", 0))
    return None if name is None else NamedMemory(name, number)
