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
    REFIT = 4
    TF32 = 6


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


#: How a timing cache begins; the rest of its first line is the GPU for which it holds.
CACHE = b"CACHE "


class TimingCache:
    def __init__(self, gpu: bytes, builds: bytes) -> None:
        self.gpu, self.builds = gpu, builds

    def serialize(self) -> memoryview:
        return memoryview(CACHE + self.gpu + b"\n" + self.builds + b"a build\n")


class Profile:
    shapes: Any = None

    def set_shape(self, name: str, smallest: Any, best: Any, largest: Any, /) -> None:
        assert name == "image"
        assert all(len(shape) == 4 for shape in (smallest, best, largest))
        self.shapes = [list(smallest), list(best), list(largest)]


class Config:
    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        # As in TensorRT, where it is on by default.
        self.flags = {builder.flag.TF32}
        self.profile: Profile | None = None
        self.cache: TimingCache | None = None

    def create_timing_cache(self, serialized_timing_cache: bytes) -> TimingCache | None:
        if not serialized_timing_cache:
            return TimingCache(self.builder.gpu, b"")
        head, _, builds = serialized_timing_cache.partition(b"\n")
        if not head.startswith(CACHE):
            error = "Error Code 1: Serialization (Magic tag does not match)"
            self.builder.logger.log(ILogger.Severity.ERROR, error)
            return None
        return TimingCache(head.removeprefix(CACHE), builds)

    def set_timing_cache(self, cache: TimingCache, ignore_mismatch: bool) -> bool:  # noqa: FBT001
        if not isinstance(cache, TimingCache):
            raise TypeError("set_timing_cache(): incompatible function arguments.")
        if cache.gpu != self.builder.gpu and not ignore_mismatch:
            self.builder.logger.log(ILogger.Severity.ERROR, "CUDA device property mismatch")
            return False
        self.cache = cache
        return True

    def get_timing_cache(self) -> TimingCache | None:
        return self.cache

    def add_optimization_profile(self, profile: Profile) -> int:
        self.profile = profile
        return 0

    def set_flag(self, flag: IntEnum) -> None:
        assert isinstance(flag, self.builder.flag)
        self.flags.add(flag)

    def clear_flag(self, flag: IntEnum) -> None:
        assert isinstance(flag, self.builder.flag)
        self.flags.discard(flag)


class Builder:
    version: tuple[int, ...] = ()
    flag: Any = BuilderFlag
    gpu = b""
    faults: frozenset[str] = frozenset()

    def __init__(self, logger: Any) -> None:
        assert isinstance(logger, ILogger)
        assert logger.initialised
        self.logger = logger
        if "no CUDA" in self.faults:
            logger.log(ILogger.Severity.ERROR, "createInferBuilder: Error Code 6: CUDA error 35")
            raise TypeError("pybind11::init(): factory function returned nullptr")

    def create_network(self, flags: int = 0) -> Network:
        assert flags == (1 if self.version[0] < 10 else 0)
        return Network()

    def create_builder_config(self) -> Config:
        return Config(self)

    def create_optimization_profile(self) -> Profile:
        return Profile()

    def build_serialized_network(self, network: Network, config: Config) -> memoryview | None:
        severity = ILogger.Severity
        self.logger.log(severity.INFO, "a lot of talk")
        if None in network.shape and config.profile is None:
            self.logger.log(severity.ERROR, "Network has dynamic inputs, but no profile")
            return None
        if "no memory" in self.faults:
            self.logger.log(severity.INTERNAL_ERROR, "out of memory\nhere")
            return None
        self.logger.log(severity.WARNING, "the GPU is slow")
        header = {
            "version": list(self.version),
            "profile": config.profile.shapes if config.profile else None,
            "input": network.input,
            "fp16": BuilderFlag.FP16 in config.flags,
            "tf32": self.flag.TF32 in config.flags,
        }
        return memoryview(engine_bytes(header, network.content))


def module(version: str, *faults: str, gpu: str = "Stand-in T4") -> ModuleType:
    """The package in this version, to put into sys.modules.

    faults: "no CUDA": TensorRT does not start; "no memory": no engine is built. gpu: the kind of
    GPU, for which timing caches hold.
    """
    made: Any = ModuleType("tensorrt")
    made.__version__ = version
    numbers = tuple(map(int, version.split(".")[:3]))
    made.ILogger, made.OnnxParser = ILogger, OnnxParser
    made.NetworkDefinitionCreationFlag = NetworkDefinitionCreationFlag
    made.BuilderFlag = BuilderFlag
    if numbers[0] >= 11:
        # It has no flags for precision any more, but for TF32, and every batch is explicit.
        made.BuilderFlag = IntEnum("BuilderFlag", {"REFIT": 4, "TF32": 6})
        made.NetworkDefinitionCreationFlag = IntEnum(
            "NetworkDefinitionCreationFlag", {"STRONGLY_TYPED": 0}
        )
    made.Builder = type(
        "Builder",
        (Builder,),
        {
            "version": numbers,
            "flag": made.BuilderFlag,
            "gpu": gpu.encode(),
            "faults": frozenset(faults),
        },
    )
    return made  # type: ignore[no-any-return]
