"""torchvision's models with weights from a file are those that its own builders make."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

import pytest

from regcore import BackendError
from regcore.frameworks import import_torch, import_torchvision
from regcore.models.torchvision import build_torchvision_model
from regcore.recipes.recipe import Recipe
from regcore.recipes.torchvision import find_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def models() -> Any:
    if not all(map(find_spec, ("torch", "torchvision"))):
        pytest.skip("needs pip install 'regcore[export]'")
    return import_torchvision().models


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("GoogLeNet_Weights.IMAGENET1K_V1", {"init_weights": False}),
        ("MaxVit_T_Weights.IMAGENET1K_V1", {"input_size": (224, 224)}),
        ("ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1", {"image_size": 384}),
        ("SqueezeNet1_1_Weights.IMAGENET1K_V1", {}),
    ],
)
def test_weights_from_a_file_give_the_model_that_torchvision_makes_with_them(
    models: Any, monkeypatch: pytest.MonkeyPatch, name: str, options: dict[str, Any]
) -> None:
    torch, found = import_torch(), find_model(name)
    torch.manual_seed(0)
    tensors = models.get_model(found.architecture, weights=None, **options).state_dict()
    monkeypatch.setattr(models.WeightsEnum, "get_state_dict", lambda *_, **__: tensors)
    theirs = models.get_model(found.architecture, weights=found.weights).eval()
    size = Recipe.from_torchvision(found.weights).size
    ours = build_torchvision_model(found.architecture, None, tensors, size=size)
    image = torch.rand(1, 3, *size)
    with torch.inference_mode():
        assert torch.equal(ours(image), theirs(image))


def test_what_a_builder_prints_is_no_answer(
    models: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object, **__: object) -> None:
        sys.stdout.write("Downloading\n")
        raise OSError("no network")

    monkeypatch.setattr(models, "get_model", fails)
    with pytest.raises(BackendError, match=r"torchvision .*: no network"):
        build_torchvision_model("resnet18", "weights", size=(224, 224))
    assert capsys.readouterr() == ("", "Downloading\n")
