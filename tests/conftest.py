"""Fixtures: where the pictures are, and every instruction set in turn."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest
from exported_models import ExportedModels, export_models
from json_forms import checking
from labelled_photos import LabelledPhotos, imagenet_200, sample

from regcore import simd_levels

# Child processes test the installed package, not the source tree that they happen to start in.
os.environ["PYTHONSAFEPATH"] = "1"

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


#: Fixtures that take long, so that whatever needs them is slow.
SLOW_FIXTURES = {"exported_models", "exported_sources", "imagenet_photos", "timm", "torchvision"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SLOW_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Photos, labels and weights that are not part of the project."""
    if not SHARED.is_dir():
        pytest.skip("needs the folder ../shared/data, which is not part of the project")
    return SHARED


@pytest.fixture(autouse=True)
def _json_has_its_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever regcore writes or prints as JSON in a test is of the form that it names."""
    if importlib.util.find_spec("jsonschema") is not None:
        monkeypatch.setattr(json, "dumps", checking(json.dumps))


@pytest.fixture(scope="session")
def imagenet_photos(shared_data: Path) -> list[str]:
    return sorted(map(str, (shared_data / "imagenet-200").iterdir()))


@pytest.fixture(scope="session")
def demo_photos() -> list[str]:
    """Twenty labelled ImageNet photos of 512 x 512 inside an installed package."""
    spec = importlib.util.find_spec("foolbox")
    if spec is None or spec.origin is None:
        pytest.skip("needs the package foolbox (pip install 'regcore[demo]')")
    return sorted(map(str, (Path(spec.origin).parent / "data").glob("imagenet_*.jpg")))


@pytest.fixture(
    scope="session", params=["sample", pytest.param("imagenet-200", marks=pytest.mark.slow)]
)
def labelled_photos(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> LabelledPhotos:
    """Real photos: twenty of an installed package, or two hundred of ../shared/data."""
    if request.param == "sample":
        return sample(tmp_path_factory.mktemp("sample"))
    return imagenet_200(request.getfixturevalue("shared_data"))


@pytest.fixture(params=os.environ.get("REGCORE_SIMD", " ".join(simd_levels())).split())
def simd(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each instruction set of this machine in turn, or the one that REGCORE_SIMD names."""
    monkeypatch.setenv("REGCORE_SIMD", request.param)
    return str(request.param)


@pytest.fixture(params=["", "openvino:"], ids=["onnxruntime", "openvino"])
def runtime(request: pytest.FixtureRequest) -> str:
    """What stands before the name of an ONNX file for each runtime that takes such files."""
    if request.param:
        pytest.importorskip("openvino", reason="needs pip install 'regcore[openvino]'")
    return str(request.param)


@pytest.fixture(scope="session")
def exported_models(tmp_path_factory: pytest.TempPathFactory) -> ExportedModels:
    """Real models and many files of weights, exported once for all tests."""
    return export_models(tmp_path_factory.mktemp("exported"))
