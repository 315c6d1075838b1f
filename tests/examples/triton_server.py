"""What Triton's server does with a model of its Python backend: load, ask, check the answers."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils
from numpy.typing import NDArray


def read_config(path: Path) -> dict[str, Any]:
    """A config.pbtxt as the JSON that a model gets: protobuf's text form, as far as it is used."""
    text = re.sub(r"#[^\n]*", "", path.read_text())
    tokens = re.findall(r'"[^"]*"|[A-Za-z_]\w*|-?\d+|[{}\[\]:,]', text)
    assert "".join(tokens) == re.sub(r"\s+", "", text), "the configuration holds something else"
    content, rest = _message(tokens)
    assert not rest
    content["parameters"] = {part["key"]: part["value"] for part in content["parameters"]}
    return content


def _message(tokens: list[str]) -> tuple[dict[str, Any], list[str]]:
    found: dict[str, Any] = {}
    while tokens and tokens[0] != "}":
        if tokens[0] == ",":
            tokens = tokens[1:]
            continue
        key, *tokens = tokens
        if tokens[0] == ":":
            tokens = tokens[1:]
        found[key], tokens = _value(tokens)
    return found, tokens


def _value(tokens: list[str]) -> tuple[Any, list[str]]:
    first, *rest = tokens
    if first == "{":
        content, rest = _message(rest)
        return content, rest[1:]
    if first == "[":
        items = []
        while rest[0] != "]":
            if rest[0] == ",":
                rest = rest[1:]
                continue
            item, rest = _value(rest)
            items.append(item)
        return items, rest[1:]
    if first.startswith('"'):
        return first[1:-1], rest
    return (int(first) if re.fullmatch(r"-?\d+", first) else first), rest


class Server:
    """One instance of the model in `folder`."""

    def __init__(self, folder: Path, **parameters: str) -> None:
        self.config = read_config(folder / "config.pbtxt")
        for key, value in parameters.items():
            assert key in self.config["parameters"]
            self.config["parameters"][key] = {"string_value": value}
        assert self.config["name"] == folder.name
        assert self.config["backend"] == "python"
        spec = importlib.util.spec_from_file_location("model", folder / "1" / "model.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self._model = module.TritonPythonModel()
        self._model.initialize(
            {
                "model_config": json.dumps(self.config),
                "model_instance_kind": "CPU",
                "model_instance_name": f"{folder.name}_0_0",
                "model_instance_device_id": "0",
                "model_repository": str(folder),
                "model_version": "1",
                "model_name": folder.name,
            }
        )

    def infer(self, requests: Sequence[Sequence[bytes]]) -> list[NDArray[Any] | str]:
        """The output of each request, or its error; a request has as many photos as its batch."""
        (given,), (wanted,) = self.config["input"], self.config["output"]
        made = []
        for photos in requests:
            assert 1 <= len(photos) <= self.config["max_batch_size"]
            array = np.empty((len(photos), *given["dims"]), np.object_)
            array[:, 0] = photos
            array.flags.writeable = False
            made.append(pb_utils.InferenceRequest([pb_utils.Tensor(given["name"], array)]))
        responses = self._model.execute(made)
        assert isinstance(responses, list)
        assert len(responses) == len(requests), "there must be one response for each request"
        answers: list[NDArray[Any] | str] = []
        for photos, response in zip(requests, responses, strict=True):
            error = response.error()
            if error is not None:
                answers.append(error.message())
                continue
            (tensor,) = response.output_tensors()
            array = tensor.as_numpy()
            assert tensor.name() == wanted["name"]
            assert array.dtype == pb_utils.triton_string_to_numpy(wanted["data_type"])
            assert array.shape == (len(photos), *wanted["dims"])
            answers.append(array.copy())
        return answers
