"""regcore doctor from the command line: text, JSON and exit codes."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from command_line import regcore

from regcore import run_doctor
from regcore.trust.doctor import diagnosis as diagnoses
from regcore.trust.doctor.peers import PEERS

pytestmark = pytest.mark.slow
FEW = "regcore,pillow"


def test_a_screen_of_text(tmp_path: Path) -> None:
    told = regcore("doctor", "--only", f"{FEW},machine,ascend", "--folder", tmp_path)
    assert told.exit_code == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[0] == regcore("--version").stdout.strip()
    assert max(map(len, lines)) <= 80
    assert "beside Pillow" in told.stdout
    assert "regcore, all" in told.stdout
    assert "not installed: ascend" in told.stdout
    assert list(tmp_path.iterdir()) == []


def test_json_has_its_form() -> None:
    told = regcore("doctor", "--only", FEW, "--require", "parity,pillow:equal", "--json")
    assert told.exit_code == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["format"] == {"name": "regcore doctor", "version": 1}
    assert found["machine"] is None
    assert found["runtimes"] == []
    assert [each["met"] for each in found["required"]] == [True, True]
    own = next(each for each in found["peers"] if each["name"] == "regcore")
    assert len(own["ways"]) >= 2
    assert all(
        stage["compared"] == stage["equal"] == found["pictures"]
        for way in own["ways"]
        for stage in way["stages"]
    )


def test_opencv_is_regcores_flavour() -> None:
    pytest.importorskip("cv2")
    told = regcore(
        *("doctor", "--only", "regcore,opencv", "--filter", "bilinear"),
        *("--require", "parity,opencv:flavour"),
    )
    assert told.exit_code == 0, told.stderr
    assert "equals regcore's flavour=opencv" in told.stdout
    assert "required opencv:flavour: met" in told.stdout
    told = regcore("doctor", "--only", "opencv", "--require", "opencv:equal")
    assert told.exit_code == 5
    assert "required opencv:equal: opencv: decode (" in told.stderr


def test_torchvision_and_hugging_face() -> None:
    for package in ("torchvision", "transformers"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs {package}")
    found = run_doctor(only=["torchvision", "huggingface"], require="torchvision-pil:equal")
    assert found.exit_code == 0, str(found)
    stages = {
        f"{way.name} {stage.stage}": stage
        for peer in found.diagnosis.peers
        for way in peer.ways
        for stage in way.stages
    }
    assert stages["torchvision-tensor resize"].recipe == "flavour=torch"
    assert stages["hf-pil resize"].recipe == "crop_offset=floor"
    assert stages["hf-torchvision resize"].recipe == "flavour=torch,crop_offset=floor"
    assert "hf-torchvision" in found._repr_html_()


def test_what_is_not_there_is_not_met() -> None:
    told = regcore("doctor", "--only", "ascend", "--require", "ascend,npu")
    assert told.exit_code == 4
    assert "required npu: no runtime for it is installed" in told.stderr
    assert "required ascend: NOT MET" in told.stdout


def test_mistakes() -> None:
    told = regcore("doctor", "--only", "cv2")
    assert told.exit_code == 2
    assert "there is no 'cv2' to examine; there are regcore, pillow" in told.output
    told = regcore("doctor", "--skip", "opencv", "--require", "opencv")
    assert told.exit_code == 2
    assert "leaves out: opencv" in told.output
    assert regcore("doctor", "--require", "gpus").exit_code == 2


def test_regcore_that_differs_is_an_error_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One kernel broken on purpose, in the child's own process."""
    (tmp_path / "broken_own.py").write_text(
        "from dataclasses import replace\n"
        "from regcore.trust.doctor.peers import own\n"
        "def ways(recipe):\n"
        "    def broken(way):\n"
        "        def resize(pixels):\n"
        "            found = way.resize(pixels)\n"
        "            found[3, 4, 0] ^= 1\n"
        "            return found\n"
        "        return replace(way, resize=resize) if 'portable-' in way.name else way\n"
        "    return [broken(way) for way in own.PEER.ways(recipe)]\n"
        "PEER = replace(own.PEER, ways=ways)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("REGCORE_SIMD", raising=False)
    monkeypatch.setitem(PEERS, "regcore", "broken_own")
    told = regcore("doctor", "--only", FEW, "--require", "parity")
    assert told.exit_code == 5
    assert "regcore differs from Pillow: regcore-portable-libjpeg resize" in told.stderr
    assert "required parity: NOT MET" in told.stdout
    (row,) = [line for line in told.stdout.splitlines() if line.startswith("regcore-portable-l")]
    assert row.split()[1] == "equal"
    assert row.split()[2].endswith("%")


def test_a_library_that_crashes_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(__file__).with_name("crashing_peer.py").read_text("utf-8")
    (tmp_path / "crashing_library.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(PEERS, "opencv", "crashing_library")
    told = regcore("doctor", "--only", "pillow,opencv", "--require", "opencv")
    assert told.exit_code == 4
    assert "FAILED: crashed by SIGABRT" in told.stdout
    assert "required opencv: crashed by SIGABRT" in told.stderr


def test_all_names_are_in_the_help() -> None:
    told = " ".join(regcore("doctor", "--help").stdout.split())
    for name in diagnoses.PARTS:
        assert name in told
