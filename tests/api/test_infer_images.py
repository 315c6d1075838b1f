"""regcore.infer_images: the scores and the rates of `regcore infer`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from api.colour_set import ColourSet
from api.same_files import timeless, timeless_files
from command_line import regcore

from regcore import MismatchError, infer_images


def test_the_files_and_the_json_are_those_of_the_command(
    colours: ColourSet, tmp_path: Path
) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    inferred = infer_images(colours.model, colours.photos, ours, output_binary=True)
    result = regcore("infer", colours.model, colours.photos, theirs, "--output-binary", "--json")
    assert result.exit_code == 0, result.output
    assert timeless(inferred.to_dict()) == timeless(json.loads(result.stdout))
    written = timeless_files(ours)
    assert written == timeless_files(theirs)
    assert "dumpOutput_device0/0_1.bin" in written
    assert inferred.complete


def test_the_same_call_continues(colours: ColourSet, tmp_path: Path) -> None:
    infer_images(colours.model, colours.photos, tmp_path / "out")
    (tmp_path / "out" / "dumpOutput_device0" / "3_1.txt").unlink()
    said: list[str] = []
    again = infer_images(colours.model, colours.photos, tmp_path / "out", log=said.append)
    assert (again.inference.written, again.inference.kept) == (1, 8)
    again = infer_images(colours.model, colours.photos, tmp_path / "out", log=said.append)
    assert again.inference.written == 0
    rates = tmp_path / "out" / "perf.json"
    assert said == [
        f"{rates.parent}: no rates, for nothing was left to run; {rates} is of an earlier run"
    ]
    with pytest.raises(MismatchError, match="holds the outputs of another run"):
        infer_images(colours.model, colours.photos, tmp_path / "out", output_binary=True)


def test_noise_has_rates_and_no_scores(tmp_path: Path) -> None:
    inferred = infer_images("simulated:1e6:10", None, tmp_path / "out", rounds=3, batch_size=2)
    assert inferred.complete
    assert inferred.inference.written == 6
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "PureInfer_perf_of_simulated:1e6:10_in_device_0.txt",
        "perf.json",
        "perf_vision_batchsize_2_device_0.txt",
    ]
