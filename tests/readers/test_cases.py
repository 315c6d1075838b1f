"""Files that once ended in an internal error, each read by the command in its name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from command_line import regcore

from readers.seeds import make_seeds

CASES = Path(__file__).parents[1] / "cases" / "readers"
#: A command and a file → where the file goes in the folder of seeds, and the arguments.
_PLACES = {
    ("preprocess", "manifest.json"): ("packs", ("{seeds}/photos", "packs", "--pack", 2, "--for")),
    ("preprocess", "images.jsonl"): ("packs", ("{seeds}/photos", "packs", "--pack", 2, "--for")),
    ("preprocess", "m.om.json"): (".", ("{seeds}/photos", "out", "--for")),
    ("verify", "manifest.json"): ("packs", ("packs",)),
    ("verify", "images.jsonl"): ("packs", ("packs",)),
    ("infer", "images.jsonl"): ("packs", ("{seeds}/m.onnx", "packs", "out")),
    ("infer", "infer.sources.npy"): ("infer", ("{seeds}/m.onnx", "{seeds}/photos", "infer")),
    ("inspect", "m.om.json"): (".", ("m.om",)),
    ("report", ""): ("run", ("run",)),
    ("verdict", ""): ("run", ("run", "--against", "{seeds}/before", "--max-drop", "1pt")),
    ("compare", "GUIDE.md"): (".", ("--lint", "GUIDE.md")),
}
#: What a report does not show may be anything, and the outputs of unknown sources are made again.
_MAY_GO_ON = {"report", "infer"}


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sound files for every reader."""
    pytest.importorskip("jinja2")
    folder = tmp_path_factory.mktemp("seeds-of-cases")
    make_seeds(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_case(seeds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Path) -> None:
    command, _, _, name = case.name.split("-", 3)
    folder, arguments = _PLACES.get((command, name)) or _PLACES.get(
        (command, ""), (".", (f"A={name}",))
    )
    if folder == ".":
        for file in ("m.om", "m.onnx"):
            shutil.copyfile(seeds / file, tmp_path / file)
    else:
        shutil.copytree(seeds / folder, tmp_path / folder)
    shutil.copyfile(case, tmp_path / folder / name)
    monkeypatch.chdir(tmp_path)
    words = [str(word).format(seeds=seeds) for word in arguments]
    if words[-1] == "--for":
        words.append("m.om" if folder == "." else f"{seeds}/m.onnx")
    result = regcore(command, *words)
    assert "internal error" not in result.output
    allowed = {2, 3, 5} | ({0} if command in _MAY_GO_ON else set())
    assert result.exit_code in allowed, result.output
    if result.exit_code != 0:
        assert name in result.output
    assert max(map(len, result.stderr.splitlines()), default=0) < 2000
