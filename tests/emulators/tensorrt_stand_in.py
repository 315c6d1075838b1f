"""A stand-in of TensorRT's Python package, as far as building an engine goes.

Names, arguments and their order are those of TensorRT 10 and 11 (`module(version)` says which).
"""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from types import ModuleType
from typing import Any

import onnx
from engine_file import engine_bytes


class ILogger:
    class Severity(IntEnum):
        INTERNAL_ERROR = 0
        ERROR = 1
        WARNING = 2
        INFO = 3
        VERBOSE = 4

    def __init__(self) -> None:
        self.initialised = True


class NetworkDefinitionCreationFlag(IntEnum):
    EXPLICIT_BATCH = 0
    STRONGLY_TYPED = 1


class BuilderFlag(IntEnum):
    FP16 = 0


class Network:
    content = b""
    shape: tuple[int | None, ...] = ()
    input = ""


class OnnxParser:
    def __init__(self, network: Network, logger: ILogger) -> None:
        assert isinstance(logger, ILogger)
        self.network = network
        self.error = ""

    def parse(self, model: bytes, path: str | None = None) -> bool:
        try:
            content = onnx.load_from_string(model)
            (image,) = content.graph.input
            if any(tensor.external_data for tensor in content.graph.initializer):
                assert path is not None, "weights beside the model are looked for at its path"
                onnx.load_external_data_for_model(content, str(Path(path).parent))
        except Exception as error:  # noqa: BLE001
            self.error = f"In node -1 (importModel): INVALID_GRAPH: {type(error).__name__}"
            return False
        dims = image.type.tensor_type.shape.dim
        self.network.shape = tuple(d.dim_value if d.HasField("dim_value") else None for d in dims)
        self.network.content, self.network.input = model, image.name
        return True

    def get_error(self, index: int) -> str:
        assert index == 0
        return self.error


class TimingCache:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def serialize(self) -> memoryview:
        return memoryview(self.content + b"a build\n")


class Profile:
    shapes: Any = None

    def set_shape(self, name: str, smallest: Any, best: Any, largest: Any, /) -> None:
        assert name == "image"
        assert all(len(shape) == 4 for shape in (smallest, best, largest))
        self.shapes = [list(smallest), list(best), list(largest)]


class Config:
    def __init__(self) -> None:
        self.flags: set[BuilderFlag] = set()
        self.profile: Profile | None = None
        self.cache: TimingCache | None = None

    def create_timing_cache(self, serialized_timing_cache: bytes) -> TimingCache:
        return TimingCache(serialized_timing_cache)

    def set_timing_cache(self, cache: TimingCache, *, ignore_mismatch: bool) -> bool:
        assert not ignore_mismatch
        self.cache = cache
        return True

    def get_timing_cache(self) -> TimingCache | None:
        return self.cache

    def add_optimization_profile(self, profile: Profile) -> int:
        self.profile = profile
        return 0

    def set_flag(self, flag: BuilderFlag) -> None:
        self.flags.add(flag)


class Builder:
    version: tuple[int, ...] = ()
    broken = False

    def __init__(self, logger: Any) -> None:
        assert isinstance(logger, ILogger)
        assert logger.initialised
        self.logger = logger

    def create_network(self, flags: int = 0) -> Network:
        assert flags == (1 if self.version[0] < 10 else 0)
        return Network()

    def create_builder_config(self) -> Config:
        return Config()

    def create_optimization_profile(self) -> Profile:
        return Profile()

    def build_serialized_network(self, network: Network, config: Config) -> memoryview | None:
        severity = ILogger.Severity
        self.logger.log(severity.INFO, "a lot of talk")
        if None in network.shape and config.profile is None:
            self.logger.log(severity.ERROR, "Network has dynamic inputs, but no profile")
            return None
        if self.broken:
            self.logger.log(severity.INTERNAL_ERROR, "out of memory\nhere")
            return None
        self.logger.log(severity.WARNING, "the GPU is slow")
        header = {
            "version": list(self.version),
            "profile": config.profile.shapes if config.profile else None,
            "input": network.input,
            "fp16": BuilderFlag.FP16 in config.flags,
        }
        return memoryview(engine_bytes(header, network.content))


def module(version: str, *, broken: bool = False) -> ModuleType:
    """The package in this version, to put into sys.modules."""
    made: Any = ModuleType("tensorrt")
    made.__version__ = version
    numbers = tuple(map(int, version.split(".")[:3]))
    made.ILogger, made.OnnxParser = ILogger, OnnxParser
    made.Builder = type("Builder", (Builder,), {"version": numbers, "broken": broken})
    made.NetworkDefinitionCreationFlag = NetworkDefinitionCreationFlag
    # Version 11 has no flags for precision any more.
    made.BuilderFlag = BuilderFlag if numbers[0] < 11 else IntEnum("BuilderFlag", {"REFIT": 0})
    return made  # type: ignore[no-any-return]
