"""regcore.score_predictions: the result of `regcore score`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from api.colour_set import ColourSet
from api.same_files import timeless
from command_line import regcore

from regcore import DatasetError, UsageError, infer_images, score_predictions


@pytest.fixture
def scores(colours: ColourSet, tmp_path: Path) -> Path:
    infer_images(colours.model, colours.photos, tmp_path / "out")
    return tmp_path / "out" / "dumpOutput_device0"


def test_the_file_and_the_json_are_those_of_the_command(
    colours: ColourSet, scores: Path, tmp_path: Path
) -> None:
    scored = score_predictions(scores, colours.labels, tmp_path / "ours", "result.json")
    result = regcore("score", scores, colours.labels, tmp_path / "theirs", "result.json", "--json")
    assert result.exit_code == 0, result.output
    assert timeless(scored.to_dict()) == timeless(json.loads(result.stdout))
    assert scored.path == tmp_path / "ours" / "result.json"
    assert scored.path.read_bytes() == (tmp_path / "theirs" / "result.json").read_bytes()
    assert scored.accuracy["Top1"] == pytest.approx(800 / 9)


def test_scores_that_lack(colours: ColourSet, scores: Path, tmp_path: Path) -> None:
    (scores / "0_1.txt").unlink()
    said: list[str] = []
    scored = score_predictions(scores, colours.labels, tmp_path, "r.json", log=said.append)
    assert not scored.complete
    assert scored.path == tmp_path / "r.incomplete.json"
    assert said == ["0: no scores of this image"]


def test_refused(colours: ColourSet, scores: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"NAME\.json is a file in OUT_DIR"):
        score_predictions(scores, colours.labels, tmp_path, "../r.json")
    (tmp_path / "subset.txt").write_text("unknown\n")
    with pytest.raises(DatasetError, match="1 image has no label, the first is unknown"):
        score_predictions(
            scores, colours.labels, tmp_path, "r.json", subset=tmp_path / "subset.txt"
        )
