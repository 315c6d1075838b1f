"""What models say of themselves, whatever stands there, and the images that they then get."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import regcore
from onnx_models import save_graph
from PIL import Image

from regcore import Preprocessor, Recipe, RegcoreError
from regcore.backends.recipe_fit import in_form_of
from regcore.backends.registry import open_backend, read_metadata
from regcore.convert.inspect import inspect_model, to_rows
from regcore.convert.inspect_form import to_dict
from regcore.errors import BackendError
from regcore.models.build_record import BuildRecord, read_record, record_path, write_record
from regcore.models.metadata import ModelMetadata
from regcore.models.tensors import TensorSpec

SMALL = Recipe(resize=8, crop=8)
FIELDS = {
    "resize": 8,
    "crop": 8,
    "filter": "bicubic",
    "mean": [0.5, 0.5, 0.5],
    "std": [0.5, 0.5, 0.5],
    "dtype": "float32",
    "layout": "nchw",
}
MEAN: list[tuple[Any, ...]] = [
    ("GlobalAveragePool", ["image"], ["pooled"], {}),
    ("Flatten", ["pooled"], ["class"], {}),
]


def model_with(path: Path, properties: dict[str, str], **options: Any) -> Path:
    return save_graph(path, MEAN, ("float32", ["N", 3]), properties=properties, **options)


def photo(folder: Path) -> tuple[Path, Path]:
    """A folder with one photo, and its labels."""
    images = folder / "photos"
    images.mkdir()
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8)).save(images / "a.png")
    (folder / "labels.txt").write_text("a.png 1\n")
    return images, folder / "labels.txt"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("crop", "224.5", "224.5"),
        ("resize", '"8"', "resize"),
        ("mean", f"[1{400 * '0'}, 0, 0]", '"mean": [1000'),
        ("mean", "[1e999, 0, 0]", "1e999"),
        ("mean", "[0.5, 0.5]", "mean"),
        ("std", "[NaN, 1, 1]", "NaN"),
        ("std", "[true, 1, 1]", "std"),
        ("filter", "null", "filter"),
        ("layout", '["nchw"]', "layout"),
        ("dtype", '"int4"', "int4"),
        ("crop", 5000 * "[" + 5000 * "]", "nested"),
        ("filter", '"\\ud800"', "surrogate"),
        ("unknown", "1", "unknown"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_named(
    tmp_path: Path, field: str, value: str, words: str
) -> None:
    texts = {name: json.dumps(known) for name, known in FIELDS.items()} | {field: value}
    text = "{" + ", ".join(f'"{name}": {text}' for name, text in texts.items()) + "}"
    path = model_with(tmp_path / "m.onnx", {"regcore.recipe": text})
    with pytest.raises(BackendError, match=r"m\.onnx: unusable metadata: ") as caught:
        read_metadata(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    result = regcore("inspect", path)
    assert (result.exit_code, result.stderr.count("\n")) == (3, 1)


def test_what_a_terminal_could_obey_is_written_out(tmp_path: Path) -> None:
    name = "\x1b]0;owned\x07\x1b[2J[/x] [red]m"
    properties = ModelMetadata(SMALL, name, "sha256:\r\nno").to_properties()
    path = model_with(tmp_path / "m.onnx", properties)
    result = regcore("inspect", path)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert r"\x1b]0;owned\x07\x1b[2J[/x] [red]m" in result.stdout
    assert r"sha256:\r\nno" in result.stdout
    assert json.loads(regcore("inspect", path, "--json").stdout)["model"] == name


def test_names_that_are_not_text(tmp_path: Path) -> None:
    content = model_with(tmp_path / "m.onnx", {"regcore.model": "xyzzy"}).read_bytes()
    for old, new, shown in ((b"image", b"im\xffge", r"im\xffge"), (b"image", b"im\nge", "im")):
        path = tmp_path / "odd.onnx"
        path.write_bytes(content.replace(old, new))
        result = regcore("inspect", path)
        assert result.exit_code == 0
        assert shown in result.stdout
    for new in (b"xy\xffzy", b"\xed\xa0\x80zy"):
        path.write_bytes(content.replace(b"xyzzy", new))
        with pytest.raises(BackendError, match="not UTF-8 text"):
            open_backend(path)


def test_a_message_is_one_line_whatever_the_names(tmp_path: Path) -> None:
    content = model_with(tmp_path / "m.onnx", {}).read_bytes()
    path = tmp_path / "odd.onnx"
    path.write_bytes(content.replace(b"class", b"cl\nss"))
    with pytest.raises(BackendError, match=r"'cl\\nss' float32 \[N, 3\]") as caught:
        open_backend(path, output="class")
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32"])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_images_come_in_the_form_of_the_models_input(
    tmp_path: Path, dtype: str, layout: str
) -> None:
    nodes: list[tuple[Any, ...]] = [("Cast", ["image"], ["cast"], {"to": 1})]
    perm = [0, 1, 2, 3] if layout == "nchw" else [0, 3, 1, 2]
    nodes.append(("Transpose", ["cast"], ["turned"], {"perm": perm}))
    nodes += [("GlobalAveragePool", ["turned"], ["pooled"], {}), MEAN[1]]
    shape = ["N", 3, 8, 8] if layout == "nchw" else ["N", 8, 8, 3]
    image = {"image": (dtype, shape)}
    own = ModelMetadata(SMALL, "made.v1").to_properties()
    path = save_graph(tmp_path / "m.onnx", nodes, ("float32", ["N", 3]), properties=own, **image)
    assert (read_metadata(path).recipe.dtype, read_metadata(path).recipe.layout) == (dtype, layout)
    images, labels = photo(tmp_path)
    command = ("infer", path, images)
    result = regcore(*command, tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    text = (tmp_path / "out" / "dumpOutput_device0" / "a_1.txt").read_text()
    recipe = Recipe(resize=8, crop=8, dtype=dtype, layout=layout)
    pixels = Preprocessor(recipe)([images / "a.png"])[0].astype(np.float32)
    expected = pixels.mean(axis=(1, 2) if layout == "nchw" else (0, 1))
    np.testing.assert_allclose([float(x) for x in text.split()], expected, rtol=1e-4)
    assert (f"takes {dtype} {layout}" in result.stderr) == ((dtype, layout) != ("float32", "nchw"))

    other = "uint8" if dtype == "float32" else "float32"
    result = regcore(*command, tmp_path / "other", "--dtype", other)
    assert result.exit_code == 4
    assert f"takes image {dtype}" in result.stderr
    result = regcore(
        *("run", path, images, "--labels", labels, "--out", tmp_path / "run", "--json")
    )
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["recipe"] == f"made.v1 ({recipe.identity})"


def test_a_form_that_leaves_things_open() -> None:
    for shape in (None, (None, None, None, None), (None, 3, 8, 3), (None, 5)):
        assert in_form_of(SMALL, TensorSpec("image", shape, "float64")) == SMALL
    recipe = in_form_of(SMALL, TensorSpec("image", (None, None, None, 3), "uint8"))
    assert (recipe.dtype, recipe.layout) == ("uint8", "nhwc")


def test_weights_outside_of_the_file(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load(
        save_graph(
            tmp_path / "m.onnx",
            [*MEAN[:1], ("Flatten", ["pooled"], ["flat"], {}),
             ("MatMul", ["flat", "weights"], ["class"], {})],
            ("float32", ["N", 1000]),
            constants={"weights": np.ones((3, 1000), np.float32)},
        )
    )  # fmt: skip
    path, data = tmp_path / "m.onnx", tmp_path / "w.bin"
    onnx.save_model(model, path, save_as_external_data=True, location=data.name, size_threshold=0)
    assert json.loads(regcore("inspect", path, "--json").stdout)["data_files"] == {"w.bin": ""}
    content = data.read_bytes()
    data.write_bytes(content[:100])
    assert "w.bin: the file is cut short, 100 of 12000 bytes" in regcore("inspect", path).stdout
    data.unlink()
    result = regcore("inspect", path)
    assert result.exit_code == 0
    assert "w.bin: this file is missing beside the model" in result.stdout
    with pytest.raises(BackendError, match=r"w\.bin"):
        open_backend(path)
    result = regcore("convert", path, "--to", "om", "--soc", "Ascend310P3", "--print")
    assert result.exit_code == 4
    assert "w.bin: this file is missing" in result.stderr


RECORD = BuildRecord(
    device="Ascend310P3",
    builder="atc",
    precision="force_fp16",
    batches=(1, 4),
    input="image",
    dtype="uint8",
    shape=(None, 8, 8, 3),
    source="m.onnx",
    source_sha256=64 * "0",
    sha256=64 * "0",
    properties=ModelMetadata(SMALL, "made.v1").to_properties(),
)


@pytest.mark.parametrize(
    "text",
    [
        '"<script>"', "1.5", "null", "false", "9223372036854775808", "[]", "{}", 5000 * "[",
        '{"format": [], "device": "x"}', '"\\ud800"', "1e999", "\0", '{"a": 1, "a": 2}',
    ],
)  # fmt: skip
def test_a_record_that_is_none(tmp_path: Path, text: str) -> None:
    om = tmp_path / "m.om"
    om.write_bytes(b"made")
    record_path(om).write_text(text)
    result = regcore("inspect", om)
    assert result.exit_code == 3
    assert result.stderr.startswith(f"regcore: {om}.json: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "change",
    [{"batches": []}, {"batches": [0]}, {"batches": [1, 4]}, {"shape": []}, {"shape": [None, -3]},
     {"batches": ["1"]}, {"properties": {"a": 1}}, {"format": {"name": "x", "version": 1}},
     {"properties": {"regcore.recipe": "[[["}}],
)  # fmt: skip
def test_a_record_whose_values_make_no_sense(tmp_path: Path, change: dict[str, Any]) -> None:
    engine = tmp_path / "m.engine"
    engine.write_bytes(b"made")
    write_record(RECORD, engine)
    values = json.loads(record_path(engine).read_text())
    record_path(engine).write_text(json.dumps({**values, "batches": [1, 2, 4], **change}))
    result = regcore("inspect", engine)
    assert result.exit_code == 3
    assert "m.engine" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_model_that_is_no_file(tmp_path: Path) -> None:
    for name in ("m.onnx", "m.om"):
        os.mkfifo(tmp_path / name)
        result = regcore("inspect", tmp_path / name)
        assert result.exit_code in (2, 4)
        assert name in result.stderr
    engine = tmp_path / "m.engine"
    engine.write_bytes(b"made")
    os.mkfifo(record_path(engine))
    with pytest.raises(BackendError, match="is a FIFO"):
        read_record(engine)


def mutated(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(changed) + 1)
        kind = rng.randrange(5)
        if kind == 0 and at < len(changed):
            changed[at] = rng.randrange(256)
        elif kind == 1 and at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            del changed[at:]
        elif kind == 3:
            changed[at:at] = rng.choice((b"9" * 30, b"[[", b"null", b'"', b"1e999", b"\xff", b"-"))
        else:
            del changed[at : at + rng.randrange(9)]
    return bytes(changed)


@pytest.mark.slow
def test_mutated_models_end_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    rng = random.Random(0)  # noqa: S311
    path = model_with(tmp_path / "m.onnx", ModelMetadata(SMALL, "made.v1", "w").to_properties())
    content = path.read_bytes()
    refused = 0
    for _ in range(1500):
        path.write_bytes(mutated(content, rng))
        try:
            facts = inspect_model(path)
            to_dict(facts)
            to_rows(facts)
            with open_backend(path, threads=1) as backend:
                ModelMetadata.from_properties(path, backend.metadata)
                if backend.inputs[0].shape == (None, 3, 8, 8):
                    backend.run(np.zeros((2, 3, 8, 8), backend.inputs[0].dtype))
        except RegcoreError as error:
            assert "\n" not in str(error)  # noqa: PT017
            refused += 1
    assert 300 < refused < 1500


@pytest.mark.slow
def test_mutated_records_end_in_one_line(tmp_path: Path) -> None:
    rng = random.Random(0)  # noqa: S311
    om = tmp_path / "m.om"
    om.write_bytes(b"made")
    write_record(RECORD, om)
    content = record_path(om).read_bytes()
    for _ in range(3000):
        record_path(om).write_bytes(mutated(content, rng))
        with pytest.raises(RegcoreError) as caught:  # at best it belongs to another model
            inspect_model(om)
        assert "\n" not in str(caught.value)


def test_mutated_recipes_end_in_one_line() -> None:
    rng = random.Random(0)  # noqa: S311
    content = json.dumps(FIELDS).encode()
    understood = 0
    for _ in range(3000):
        text = mutated(content, rng).decode(errors="surrogateescape")
        try:
            ModelMetadata.from_properties("m", {"regcore.recipe": text})
            understood += 1
        except RegcoreError as error:
            assert "\n" not in str(error)  # noqa: PT017
    assert understood < 1500
