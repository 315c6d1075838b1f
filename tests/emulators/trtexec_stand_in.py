"""A stand-in of NVIDIA's trtexec: checks its options as strictly, prints and exits alike.

Run as a program. Without --skipInference it prints made-up times, see trtexec_output.py. The
environment variable TRTEXEC_VERSION is its version as in the banner of the real one (8602 is 8.6.2,
100100 is 10.1.0). TRTEXEC_STAND_IN=killed ends it half way through its file, =little memory lets
batches above 16 fail, =no summary ends without one.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

import onnx
from engine_file import engine_bytes
from tensorrt_stand_in import CACHE
from trtexec_output import output, queries, times_file

VERSION = os.environ.get("TRTEXEC_VERSION", "100100")
BANNER = f"TensorRT.trtexec [TensorRT v{VERSION}] # trtexec {' '.join(sys.argv[1:])}"
SHAPE = r"[\w./]+:\d+(x\d+)*"
OPTIONS = {
    "onnx": r".+",
    "saveEngine": r".+",
    "timingCacheFile": r".+",
    "minShapes": SHAPE,
    "optShapes": SHAPE,
    "maxShapes": SHAPE,
    "shapes": SHAPE,
    "exportTimes": r".+",
}
FLAGS = {"skipInference", "fp16", "noTF32", "stronglyTyped", "threads", "useCudaGraph", "help"}


def version() -> tuple[int, int, int]:
    number = int(VERSION)
    if number < 10_000:
        return number // 1000, number // 100 % 10, number % 100
    return number // 10_000, number // 100 % 100, number % 100


def major() -> int:
    return version()[0]


def fail(text: str) -> NoReturn:
    print(f"[11/23/2026-12:00:00] [E] {text}")
    print(f"&&&& FAILED {BANNER}")
    sys.exit(1)


def parse(arguments: list[str]) -> tuple[dict[str, str], set[str]]:
    flags = FLAGS - ({"fp16", "stronglyTyped"} if major() >= 11 else set())
    options, given = {}, set()
    for argument in arguments:
        name, equals, value = argument.removeprefix("--").partition("=")
        if equals and name in OPTIONS and re.fullmatch(OPTIONS[name], value):
            options[name] = value
        elif not equals and name in flags:
            given.add(name)
        else:
            fail(f"Unknown option: {argument}")
    return options, given


def profile_of(options: dict[str, str], name: str, shape: list[int | None]) -> Any:
    if "shapes" in options:
        options |= {f"{which}Shapes": options["shapes"] for which in ("min", "opt", "max")}
    texts = [
        options[f"{which}Shapes"] for which in ("min", "opt", "max") if f"{which}Shapes" in options
    ]
    if None not in shape:
        if texts:
            fail(f"Static model does not take explicit shapes since the shape of {name} is fixed")
        return None
    if len(texts) != 3:
        fail(f"Dynamic dimensions required for input: {name}, but no shapes were provided.")
    shapes = [list(map(int, text.partition(":")[2].split("x"))) for text in texts]
    if any(text.partition(":")[0] != name for text in texts):
        fail(f"Cannot find input tensor with name {texts[0].partition(':')[0]}")
    for sizes in zip(*shapes, shape, strict=True):
        *given, wanted = sizes
        if sorted(given) != given or (wanted is not None and set(given) != {wanted}):
            fail(f"IBuilder::buildSerializedNetwork: Error Code 4: profile {shapes} is not valid")
    return shapes


def main() -> None:
    print(f"&&&& RUNNING {BANNER}", flush=True)
    options, flags = parse(sys.argv[1:])
    if "help" in flags:
        print("=== Model Options ===")
        return
    if "skipInference" in flags and int(VERSION) < 8600:
        fail("Unknown option: --skipInference")
    try:
        model = onnx.load(options["onnx"])
    except Exception:  # noqa: BLE001
        fail("Failed to parse onnx file")
    content = Path(options["onnx"]).read_bytes()
    (image,) = model.graph.input
    dims = image.type.tensor_type.shape.dim
    shape = [dim.dim_value if dim.HasField("dim_value") else None for dim in dims]
    profile = profile_of(options, image.name, shape)
    print("[11/23/2026-12:00:01] [I] Selected Device: Stand-in T4")
    numbers = version()
    if "timingCacheFile" in options:
        keep_timing_cache(Path(options["timingCacheFile"]))
    header = {
        "version": list(numbers),
        "profile": profile,
        "input": image.name,
        "fp16": "fp16" in flags,
        "tf32": "noTF32" not in flags,
    }
    if os.environ.get("TRTEXEC_STAND_IN") == "killed":
        if "saveEngine" in options:
            Path(options["saveEngine"]).write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    if "saveEngine" in options:
        Path(options["saveEngine"]).write_bytes(engine_bytes(header, content))
    if "skipInference" not in flags:
        run(numbers, profile[1] if profile else shape, flags, image.name)
        if "exportTimes" in options:
            Path(options["exportTimes"]).write_text(times_file(queries(numbers, 500)))
    print(f"&&&& PASSED {BANNER}")


def keep_timing_cache(path: Path) -> None:
    path.with_name(f"{path.name}.lock").touch()
    known = path.read_bytes() if path.is_file() else b""
    if known and not known.startswith(CACHE):
        fail("TimingCache creation failed")
    path.write_bytes((known or CACHE + b"Stand-in T4\n") + b"a build\n")


def run(numbers: tuple[int, ...], shape: Any, flags: set[str], name: str) -> None:
    fault = os.environ.get("TRTEXEC_STAND_IN")
    if fault == "little memory" and shape[0] > 16:
        fail("Error Code 1: Cuda Runtime (out of memory)")
    lines = output(
        numbers, tuple(shape), fp16="fp16" in flags, threads="threads" in flags, name=name
    )
    for line in lines:
        if fault == "no summary" and "Performance summary" in line:
            break
        on = "useCudaGraph" in flags
        print(line.replace("CUDA Graph: Disabled", "CUDA Graph: Enabled") if on else line)


if __name__ == "__main__":
    main()
