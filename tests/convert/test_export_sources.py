"""regcore export of torchvision's models, and of functions that return a module."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from command_line import regcore
from command_process import Outcome, run_commands

from regcore import BackendError, Recipe, UsageError
from regcore.backends.registry import open_backend, read_metadata
from regcore.convert.onnx.model_source import find_source
from regcore.models.import_path import import_model

_SETUP = """
import os
from regcore.frameworks import import_torchvision
import torch
os.chdir({folder!r})
models = import_torchvision().models
torch.manual_seed(0)
for name, options in (("shufflenet_v2_x0_5", {{}}), ("mobilenet_v3_large", {{}}),
                      ("vit_b_32", {{"image_size": 224}})):
    model = models.get_model(name, weights=None, **options)
    for parameter in model.parameters():
        parameter.data += 0.02 * torch.randn_like(parameter)
    torch.save(model.state_dict(), name + ".pth")
os.mkdir("mine")
with open("mine/nets.py", "w") as file:
    file.write('''
import torch
from torch import nn
class Pair(nn.Module):
    def forward(self, images):
        return images.mean((1, 2, 3)), images
def small():
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(3, 8, 7, stride=8), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
                         nn.Flatten(), nn.Linear(8, 5))
def eva():
    from timm.models.eva import Eva
    torch.manual_seed(2)
    return Eva(img_size=64, patch_size=16, embed_dim=48, depth=2, num_heads=2, num_classes=5)
def fails():
    raise KeyError("weights")
def number():
    return 5
pair = Pair
''')
import sys
sys.path.insert(0, os.getcwd())
from mine.nets import small
sys.path.pop(0)
torch.save(small().state_dict(), "small.pth")
"""

_SHUFFLE = ("torchvision:shufflenet_v2_x0_5", "shufflenet_v2_x0_5.pth")
_MOBILE = "mobilenet_v3_large"
_RECIPE = ("--recipe", "regnety_016")
#: MODEL, [WEIGHTS], and options, by the name of the result.
_EXPORTS: dict[str, tuple[str, ...]] = {
    "architecture": _SHUFFLE,
    "own recipe": (*_SHUFFLE, "--recipe", "tf_efficientnet_lite0", "--opset", "12"),
    "named weights": ("torchvision:MobileNet_V3_Large_Weights.IMAGENET1K_V2", f"{_MOBILE}.pth"),
    "vit": ("torchvision:vit_b_32", "vit_b_32.pth", "--batch", "2"),
    "function": ("mine.nets:small", *_RECIPE),
    "function fused": ("mine.nets:small", *_RECIPE, "--fuse-preprocess"),
    "function and weights": ("mine.nets:small", "small.pth", *_RECIPE),
    "timm": ("timm:resnet18.a1_in1k", "small.pth"),
    "open weights": (f"torchvision:{_MOBILE}", f"{_MOBILE}.pth"),
    "other weights": ("torchvision:resnet18", "small.pth"),
    "other shape": (*_SHUFFLE, "--classes", "10"),
    "plain attention": (
        *("mine.nets:eva", "--recipe"),
        "resize=64,crop=64,filter=bicubic,mean=0,0,0,std=1,1,1",
    ),
    "no recipe": ("mine.nets:small",),
    "no module": ("mine.nests:small", *_RECIPE),
    "no function": ("mine.nets:large", *_RECIPE),
    "fails": ("mine.nets:fails", *_RECIPE),
    "number": ("mine.nets:number", *_RECIPE),
    "pair": ("mine.nets:pair", *_RECIPE),
    "misfit": ("mine.nets:small", f"{_MOBILE}.pth", *_RECIPE),
    "test size": ("mine.nets:small", *_RECIPE, "--test-size"),
    "classes": ("mine.nets:small", *_RECIPE, "--classes", "10"),
}


@pytest.fixture(scope="module")
def exported_sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """What export said of each, and a folder of the results under the name of `exported`."""
    if not all(map(find_spec, ("torch", "torchvision", "timm", "onnx", "onnxruntime"))):
        pytest.skip("needs pip install 'regcore[export]'")
    folder = tmp_path_factory.mktemp("sources")
    commands = []
    for name, (model, *rest) in _EXPORTS.items():
        weights = [each for each in rest if each.endswith(".pth")]
        options = [each for each in rest if each not in weights]
        commands.append(("export", model, *weights, f"{name}.onnx", *options, "--json"))
    outcomes = run_commands(commands, _SETUP.format(folder=str(folder)))
    for name, outcome in zip(_EXPORTS, outcomes, strict=True):
        assert (outcome.exit_code == 0) == (folder / f"{name}.onnx").exists(), outcome.stderr
    files = Outcome(0, str(folder), "")
    return {**dict(zip(_EXPORTS, outcomes, strict=True)), "folder": files}


def file_of(exported_sources: dict[str, Outcome], name: str) -> Path:
    assert exported_sources[name].exit_code == 0, exported_sources[name].stderr
    return Path(exported_sources["folder"].stdout) / f"{name}.onnx"


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("architecture", "ShuffleNet_V2_X0_5_Weights.IMAGENET1K_V1"),
        ("named weights", "MobileNet_V3_Large_Weights.IMAGENET1K_V2"),
        ("vit", "ViT_B_32_Weights.IMAGENET1K_V1"),
    ],
)
def test_torchvisions_models_have_the_recipe_of_their_weights(
    exported_sources: dict[str, Outcome], name: str, weights: str
) -> None:
    metadata = read_metadata(file_of(exported_sources, name))
    assert metadata is not None
    assert metadata.recipe == Recipe.from_torchvision(weights)
    assert metadata.name.startswith("torchvision:")
    assert metadata.weights.startswith("sha256:")
    assert exported_sources[name].answer["agreement"]["same_top1"] == 20


def test_the_opset_and_why(exported_sources: dict[str, Outcome]) -> None:
    names = ("architecture", "own recipe", "vit")
    answers = {name: exported_sources[name].answer for name in names}
    said = {name: (each["opset"], each["opset_reason"]) for name, each in answers.items()}
    assert said["architecture"] == (11, "the lowest that atc takes")
    assert said["own recipe"] == (12, "as asked for")
    assert said["vit"][0] > 11
    assert said["vit"][1].startswith("the lowest that holds the model, as 11 has nothing for")
    with open_backend(file_of(exported_sources, "vit")) as backend:
        assert backend.inputs[0].shape == (2, 3, 224, 224)


def test_a_recipe_of_ones_own_goes_first(exported_sources: dict[str, Outcome]) -> None:
    metadata = read_metadata(file_of(exported_sources, "own recipe"))
    assert metadata is not None
    assert metadata.recipe == Recipe.preset("tf_efficientnet_lite0")
    assert metadata.name == "torchvision:shufflenet_v2_x0_5"


def test_a_function(exported_sources: dict[str, Outcome]) -> None:
    guide = Recipe.preset("regnety_016")
    for name, recipe, weights in (
        ("function", guide, "mine.nets:small"),
        ("function fused", replace(guide, dtype="uint8"), "mine.nets:small"),
        ("function and weights", guide, "sha256:"),
    ):
        metadata = read_metadata(file_of(exported_sources, name))
        assert metadata is not None
        assert (metadata.recipe, metadata.name) == (recipe, "mine.nets:small")
        assert metadata.weights.startswith(weights)
        with open_backend(file_of(exported_sources, name)) as backend:
            assert backend.outputs[0].shape == (None, 5)


def test_attention_that_torch_cannot_trace(exported_sources: dict[str, Outcome]) -> None:
    answer = exported_sources["plain attention"].answer
    assert (answer["opset"], answer["agreement"]["same_top1"]) == (11, 20)


_REFUSED = {
    "timm": (4, "the weights do not fit timm's resnet18.a1_in1k"),
    "open weights": (2, "mobilenet_v3_large has weights that want different images, name yours: "),
    "other weights": (4, "the weights do not fit torchvision's resnet18: "),
    "other shape": (4, "fc.weight (1000, 1024) instead of (10, 1024)"),
    "no recipe": (2, "a function says nothing of its images; say it with --recipe"),
    "no module": (2, "mine.nests:small: there is no module mine.nests"),
    "no function": (2, "mine.nets has no function large"),
    "fails": (4, "mine.nets:fails: failed: KeyError: 'weights'"),
    "number": (4, "mine.nets:number: returned int, not a torch.nn.Module"),
    "pair": (4, "the model returns a tuple, not a tensor of scores [images, classes]"),
    "misfit": (4, "the weights do not fit mine.nets:small: "),
    "test size": (2, "--test-size is for timm's models"),
    "classes": (2, "--classes is not for mine.nets:small"),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_refusals_are_one_line(exported_sources: dict[str, Outcome], name: str) -> None:
    code, words = _REFUSED[name]
    outcome = exported_sources[name]
    assert words in outcome.stderr
    assert (outcome.exit_code, outcome.stdout) == (code, "")
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("model", "arguments", "words"),
    [
        ("a.b:c", ("a.onnx", "--pretrained", *_RECIPE), "--pretrained is not for a.b:c, whose"),
        ("a.b:c", ("a.onnx", "--md5", "0", *_RECIPE), "a file of weights, not for a.b:c"),
        ("torchvision:resnet18", ("a.onnx",), "expected WEIGHTS and OUT.onnx, not 1 file "),
        ("timm:resnet18", ("a.onnx", "w.pth", "x"), "expected WEIGHTS and OUT.onnx, not 3 files"),
        ("a.b:c", ("a.onnx", "--recipe", "colours"), "no recipe 'colours'"),
    ],
)
def test_arguments_that_make_no_sense(model: str, arguments: tuple[str, ...], words: str) -> None:
    result = regcore("export", model, *arguments)
    assert words in result.stderr
    assert result.exit_code == 2


@pytest.mark.slow
def test_import_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    (tmp_path / "broken_net.py").write_text("import no_such_package\n")
    (tmp_path / "raising_net.py").write_text("raise RuntimeError('no weights')\n")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    for path, kind, words in (
        ("broken_net:net", BackendError, "broken_net:net: its import fails: No module named"),
        ("raising_net:net", BackendError, "its import fails: RuntimeError: no weights"),
        ("no_such.net:net", UsageError, "there is no module no_such"),
        ("broken_net:", UsageError, "is no import path such as package.module:function"),
        ("a b:c", UsageError, "is no import path"),
    ):
        with pytest.raises(kind, match=words):
            import_model(path)
    assert sys.path == before


def test_a_function_needs_a_recipe() -> None:
    with pytest.raises(UsageError, match="say it with --recipe"):
        find_source("package.module:function")
