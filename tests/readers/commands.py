"""What reads files beside the commands of regcore: the Python API, and a model's metadata."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path


def _open_store(folder: str) -> None:
    from regcore import open_store

    for image in islice(open_store(folder), 100):
        image.sum()


def _put_recipe(file: str) -> None:
    """What the file holds becomes the recipe in the metadata of m.onnx."""
    import onnx

    text = Path(file).read_bytes().decode("utf-8", "replace")
    model = onnx.load("m.onnx")
    onnx.helper.set_model_props(model, {"regcore.recipe": text, "regcore.model": text[:300]})
    onnx.save(model, "m.onnx")


#: By the word that stands for them in a reader's commands.
OTHERS: dict[str, Callable[[str], None]] = {"open_store": _open_store, "put_recipe": _put_recipe}
