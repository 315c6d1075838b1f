"""Real models on OpenVINO: the scores and the accuracy that they have on ONNX Runtime."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_process import run_commands
from exported_models import ExportedModels
from labelled_photos import LabelledPhotos

from regcore import Preprocessor
from regcore.backends.registry import open_backend, read_metadata

openvino = pytest.importorskip("openvino", reason="needs pip install 'regcore[openvino]'")


@pytest.mark.parametrize("name", ["lite0", "fused", "regnety_016", "test size", "vit"])
def test_the_scores_of_onnx_runtime(
    exported_models: ExportedModels, demo_photos: list[str], name: str
) -> None:
    model = exported_models.path(name)
    images = Preprocessor(read_metadata(model).recipe)(demo_photos[:10])
    with open_backend(model) as reference, open_backend(f"openvino:{model}") as backend:
        expected = reference.run(images)
        scores = backend.run(images)
        np.testing.assert_allclose(scores, expected, atol=1e-4, rtol=1e-4)
        np.testing.assert_array_equal(scores.argmax(axis=1), expected.argmax(axis=1))
        np.testing.assert_allclose(backend.run(images[:3]), expected[:3], atol=1e-4, rtol=1e-4)


def test_the_accuracy_of_onnx_runtime(
    exported_models: ExportedModels, labelled_photos: LabelledPhotos, tmp_path: Path
) -> None:
    model = exported_models.path("lite0")
    source = openvino.Core().read_model(model)
    openvino.save_model(source, tmp_path / "lite0.xml", compress_to_fp16=False)
    source.reshape([7, 3, 224, 224])  # the last batch is smaller
    openvino.save_model(source, tmp_path / "fixed.xml", compress_to_fp16=False)
    models = (f"openvino:{model}", tmp_path / "lite0.xml", tmp_path / "fixed.xml")
    photos = (labelled_photos.folder, "--labels", labelled_photos.labels)
    found = run_commands(
        [
            ("run", one, *photos, "--out", tmp_path / str(number), "--json")
            for number, one in enumerate(models)
        ]
    )
    for outcome in found:
        assert outcome.exit_code == 0, outcome.stderr
        answer = json.loads(outcome.stdout)
        assert answer["hits"] == labelled_photos.hits
        assert answer["recipe_from"] == "model"
        assert answer["backend"].startswith("openvino 2")
        assert answer["provider"] == "CPU"
    assert json.loads(found[2].stdout)["batch_size"] == 7
