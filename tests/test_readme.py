"""README.md's examples run as they are written, with a model of torch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles import jpeg, photo_like

import regcore
from regcore.store.layout import pack_form

README = Path(__file__).parents[1] / "README.md"
#: The words of each example by which it is found.
EXAMPLES = ("topk(scores, 5)  # for any evaluator", "rank < 5 is a hit of Top5", "open_store(")


@pytest.mark.slow
@pytest.mark.parametrize("words", EXAMPLES)
def test_an_example_runs_as_written(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch", reason="needs torch")
    found = re.findall(
        r"^```python\n(.*?)^```", README.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    (example,) = (block for block in found if words in block)
    monkeypatch.chdir(tmp_path)
    recipe = regcore.Recipe.preset("regnety_016")
    folder = tmp_path / "photos" / "n01440764"
    folder.mkdir(parents=True)
    names = [f"n01440764/{name}.JPEG" for name in ("x", *range(17))]
    for number, name in enumerate(names):
        encoded = jpeg(photo_like(70 + number, 60))
        (tmp_path / "photos" / name).write_bytes(encoded)
        for short in ("a.jpg", "b.jpg"):
            Path(short).write_bytes(encoded)
    if "open_store" in words:
        preprocessor = regcore.Preprocessor(recipe)
        layout = pack_form(recipe, 8)
        regcore.write_store(preprocessor, tmp_path / "photos", names, tmp_path / "PACKS", layout)
    given: dict[str, Any] = {
        "regcore": regcore,
        "recipe": recipe,
        "paths": [tmp_path / "photos" / name for name in names],
        "labels": np.arange(18) % 10,
        "scores": torch.randn(18, 10),
        "model": torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 224 * 224, 10)),
        "topn": regcore.TopN(5),
    }
    exec(example, given)  # noqa: S102
    if "topn.update" in example:
        assert given["topn"].count == 18
    if "values" in given:
        assert torch.equal(torch.from_numpy(given["values"]), given["scores"].topk(5).values)
