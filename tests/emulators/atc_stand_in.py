"""A stand-in of Huawei's atc: checks its options as strictly, prints and exits alike.

Run as a program. The environment variable ATC_STAND_IN makes it misbehave: `killed` half way
through its file, `silent` without a verdict, `platform` for a file name with the platform in it,
`no-libraries` as in a shell in which set_env.sh was not sourced, `no-driver` where no driver is
installed, `no-operators` without the chip's package of operators, `inner` with an error of its own,
`hang` until it is killed. ATC_STAND_IN_CANN is the release whose error texts it prints.
"""

from __future__ import annotations

import os
import platform
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import onnx
from cann_error_text import inner_error, user_error
from om_file import write_om

SOCS = re.compile(
    r"Ascend(310|310P[1357]|310B[1-4]|910(A|B|ProA|ProB|PremiumA)|910B[1-4](-1)?|910_93\d\d"
    r"|950\w+_\d+)"
)
OPTIONS = {
    "framework": r"5",
    "model": r"[\w./\-]+",
    "output": r"[\w./\-]+",
    "input_format": r"NCHW|ND|NCDHW",
    "input_shape": r"[\w./]+:-?\d+(,-?\d+)*",
    "soc_version": r".+",
    "dynamic_batch_size": r"\d+(,\d+)*",
    "insert_op_conf": r"[\w./\-]+",
    "precision_mode": (
        "force_fp32|cube_fp16in_fp32out|force_fp16|allow_fp32_to_fp16|must_keep_origin_dtype"
        "|allow_mix_precision|allow_mix_precision_fp16|allow_mix_precision_bf16|allow_fp32_to_bf16"
    ),
    "precision_mode_v2": (
        "fp16|origin|cube_fp16in_fp32out|mixed_float16|mixed_bfloat16|mixed_hif8|cube_hif8"
    ),
    "log": "debug|info|warning|error|null",
}
REQUIRED = ("framework", "model", "output", "soc_version")
AIPP_KEYS = {
    "aipp_mode": "static|dynamic",
    "input_format": "RGB888_U8|YUV420SP_U8|XRGB8888_U8|YUV400_U8",
    "src_image_size_w": r"\d+",
    "src_image_size_h": r"\d+",
    "crop": "true|false",
    **{f"mean_chn_{i}": r"\d{1,3}" for i in range(3)},
    **{f"min_chn_{i}": r"\d+(\.\d+)?" for i in range(3)},
    **{f"var_reci_chn_{i}": r"\d+\.\d+(e-\d+)?" for i in range(3)},
}


RELEASE = tuple(map(int, os.environ.get("ATC_STAND_IN_CANN", "9.0").split(".")))


if RELEASE < (7, 0):
    del OPTIONS["precision_mode_v2"]


def fail(code: str, text: str, *, title: str = "Invalid_Argument", solution: str = "") -> NoReturn:
    give_up(user_error(RELEASE, code, title, text, solution or "See the documents."))


def give_up(text: str) -> NoReturn:
    print("ATC run failed, Please check the detail log, Try 'atc --help' for more information")
    print(text)
    sys.exit(1)


def invalid(name: str, value: str, reason: str) -> NoReturn:
    fail(
        "E10001",
        f"Value [{value}] for parameter [{name}] is invalid. Reason: {reason}.",
        title="Invalid_Argument_Value",
        solution="Set the parameter to a valid value.",
    )


def parse(arguments: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for argument in arguments:
        match = re.fullmatch(r"--(\w+)=(.*)", argument)
        if not match or match[1] not in OPTIONS:
            fail("E10010", f"unknown option {argument}")
        if match[1] in options:
            fail("E10010", f"{match[1]} is given twice")
        if not re.fullmatch(OPTIONS[match[1]], match[2]):
            invalid(f"--{match[1]}", match[2], "the value is not supported")
        options[match[1]] = match[2]
    for name in REQUIRED:
        if name not in options:
            fail("E10004", f"Value for [--{name}] is empty.")
    if not SOCS.fullmatch(options["soc_version"]):
        invalid("--soc_version", options["soc_version"], "the soc version is not supported")
    if "precision_mode" in options and "precision_mode_v2" in options:
        fail("E10042", "--precision_mode and --precision_mode_v2 cannot be used together")
    if "insert_op_conf" in options and options.get("input_format", "NCHW") not in ("NCHW", "NHWC"):
        invalid("--input_format", options["input_format"], "with insert_op_conf NCHW or NHWC")
    return options


def image_of(model: Any) -> tuple[str, list[int | None], str]:
    """Name, shape and dtype of the model's input."""
    constants = {tensor.name for tensor in model.graph.initializer}
    (value,) = (value for value in model.graph.input if value.name not in constants)
    kind = value.type.tensor_type
    shape = [dim.dim_value if dim.HasField("dim_value") else None for dim in kind.shape.dim]
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type).name
    return value.name, shape, dtype


def check_shape(
    text: str, name: str, shape: list[int | None], gears: list[int], soc: str
) -> list[int]:
    given_name, _, sizes = text.partition(":")
    given = [int(size) for size in sizes.split(",")]
    if given_name != name:
        fail("E10016", f"Opname [{given_name}] specified in [--input_shape] is not found.")
    if len(given) != len(shape) or any(
        size not in (None, wanted) for size, wanted in zip(shape, given, strict=True) if wanted > 0
    ):
        invalid("--input_shape", text, f"the model has {shape}")
    if gears:
        if given[0] != -1 or -1 in given[1:] or shape[0] is not None:
            invalid(
                "--input_shape", text, "dynamic_batch_size needs -1 as the batch, and only there"
            )
        most = 256 if soc.startswith("Ascend950") else 100
        if not 1 < len(gears) <= most or not all(1 <= gear <= 2048 for gear in gears):
            invalid("--dynamic_batch_size", str(gears), f"2 to {most} gears of 1 to 2048")
    elif min(given) < 1:
        fail("EZ3002", "Dynamic shape is not supported on this chip!")
    return given


def read_aipp(path: Path, shape: list[int]) -> dict[str, list[float]]:
    match = re.fullmatch(r"\s*aipp_op\s*\{(.*)\}\s*", path.read_text(), re.DOTALL)
    if not match:
        invalid("--insert_op_conf", str(path), "parse failed")
    values: dict[str, str] = {}
    for line in filter(None, map(str.strip, match[1].split("\n"))):
        pair = re.fullmatch(r"(\w+)\s*:\s*(\S+)", line)
        if not pair or not re.fullmatch(AIPP_KEYS.get(pair[1], r"(?!)"), pair[2]):
            invalid("--insert_op_conf", str(path), f"parse failed at {line}")
        values[pair[1]] = pair[2]
    size = [values.get("src_image_size_h"), values.get("src_image_size_w")]
    if values.get("aipp_mode") != "static" or values.get("crop") != "false":
        invalid("--insert_op_conf", str(path), "only static without crop is emulated")
    if shape[1] != 3 or size != [str(shape[2]), str(shape[3])]:
        invalid("--insert_op_conf", str(path), f"image size {size} does not fit the shape {shape}")
    return {
        name: [float(values[f"{name}_{i}"]) for i in range(3)]
        for name in ("min_chn", "var_reci_chn")
    }


def compile_model(options: dict[str, str], write: Callable[..., None]) -> None:
    path = Path(options["model"])
    if not path.is_file():
        invalid("--model", str(path), "the file does not exist")
    content = path.read_bytes()
    model = onnx.load_from_string(content)
    (opset,) = (entry.version for entry in model.opset_import if entry.domain == "")
    if not 11 <= opset <= 18:
        fail("E16005", f"The opset version [{opset}] is not supported.")
    name, shape, dtype = image_of(model)
    gears = [int(gear) for gear in options.get("dynamic_batch_size", "").split(",") if gear]
    soc = options["soc_version"]
    given = check_shape(options.get("input_shape", ""), name, shape, gears, soc)
    aipp = None
    if "insert_op_conf" in options:
        aipp = read_aipp(Path(options["insert_op_conf"]), given)
    header = {
        "soc": options["soc_version"],
        "batch": gears or given[:1],
        "dynamic": bool(gears),
        "input": name,
        "shape": [given[2], given[3], given[1]] if aipp else given[1:],
        "dtype": "uint8" if aipp else dtype,
        "aipp": aipp,
        "precision": options.get("precision_mode_v2", options.get("precision_mode", "force_fp16")),
    }
    write(header, content)


def main() -> None:
    behaviour = os.environ.get("ATC_STAND_IN", "")
    if behaviour == "no-libraries":
        print(
            "atc: error while loading shared libraries: libgraph.so: cannot open", file=sys.stderr
        )
        sys.exit(127)
    if behaviour == "no-driver":
        print(
            "/usr/local/Ascend/cann/bin/atc.bin: error while loading shared libraries: "
            "libascend_hal.so: cannot open shared object file: No such file or directory",
            file=sys.stderr,
        )
        sys.exit(127)
    print("ATC start working now, please wait for a moment.", flush=True)
    options = parse(sys.argv[1:])
    if behaviour == "inner":
        give_up(inner_error(RELEASE, "The weights of conv1 do not fit into the chip."))
    if behaviour == "no-operators":
        fail(
            "EZ3003",
            "No supported Ops kernel and engine are found for [Conv_0], optype [Conv2D].",
            title="No_Supported_Ops_Kernel_And_Engine",
            solution="1. Check that the OPP component is installed properly.",
        )
    if options.get("log") == "debug" and os.environ.get("ASCEND_SLOG_PRINT_TO_STDOUT") == "1":
        print("[DEBUG] GE(1,atc): compiling", flush=True)
    Path("kernel_meta").mkdir()
    bound = f"_{platform.system().lower()}_{platform.machine()}" if behaviour == "platform" else ""
    output = Path(f"{options['output']}{bound}.om")

    def write(header: dict[str, Any], model: bytes) -> None:
        if behaviour in ("killed", "hang"):
            output.write_bytes(b"IMOD half of it")
            if behaviour == "hang":
                time.sleep(600)
            os.kill(os.getpid(), signal.SIGKILL)
        write_om(output, header, model)

    compile_model(options, write)
    if behaviour != "silent":
        print("ATC run success, welcome to the next use.")


if __name__ == "__main__":
    main()
