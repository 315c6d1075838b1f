"""regcore.evaluate_model: the result, the files and the messages of `regcore run`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from api.colour_set import ColourSet
from api.same_files import timeless, timeless_files
from command_line import regcore

from regcore import BackendError, UsageError, evaluate_model
from regcore.api.evaluate import UnwrittenError


def test_the_files_and_the_json_are_those_of_the_command(
    colours: ColourSet, tmp_path: Path
) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    evaluated = evaluate_model(
        colours.model, colours.photos, colours.labels, out=ours, batch_size=4, workers=2
    )
    result = regcore(
        *("run", colours.model, colours.photos, "--labels", colours.labels, "--out", theirs),
        *("--batch-size", 4, "--workers", 2, "--json"),
    )
    assert result.exit_code == 0, result.output
    assert timeless(evaluated.to_dict()) == timeless(json.loads(result.stdout))
    written = timeless_files(ours)
    assert written == timeless_files(theirs)
    assert {"result.json", "run.json", "perf.json"} <= written.keys()
    assert evaluated.path == ours / "result.json"


def test_the_accuracy_is_in_percent(colours: ColourSet, tmp_path: Path) -> None:
    evaluated = evaluate_model(
        str(colours.model), str(colours.photos), str(colours.labels), out=str(tmp_path / "out")
    )
    assert evaluated.complete
    assert evaluated.report.batch_size == 16
    assert evaluated.accuracy["Top1"] == pytest.approx(800 / 9)
    assert evaluated.accuracy["Top3"] == 100


def test_a_bad_image_is_logged_and_makes_the_result_incomplete(
    colours: ColourSet, tmp_path: Path
) -> None:
    (colours.photos / "4.JPEG").write_bytes(b"no photo")
    said: list[str] = []
    evaluated = evaluate_model(
        colours.model, colours.photos, colours.labels, out=tmp_path / "out", log=said.append
    )
    assert not evaluated.complete
    assert evaluated.path == tmp_path / "out" / "result.incomplete.json"
    assert evaluated.path.exists()
    (message,) = said
    assert message.startswith(f"{colours.photos / '4.JPEG'}: ")
    assert [error.path for error in evaluated.report.evaluation.errors] == [
        str(colours.photos / "4.JPEG")
    ]


def test_progress_is_told_within_its_block(colours: ColourSet, tmp_path: Path) -> None:
    seen: list[Any] = []

    class Bar:
        def __init__(self, total: int) -> None:
            seen.append(total)

        def __enter__(self) -> Any:
            return lambda done, failed: seen.append((done, failed))

        def __exit__(self, *_: object) -> None:
            seen.append("end")

    evaluate_model(
        colours.model, colours.photos, colours.labels, out=tmp_path, limit=6, progress=Bar
    )
    assert seen[0] == 6
    assert seen[-2:] == [(6, 0), "end"]


def test_nothing_is_printed(
    colours: ColourSet, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    evaluate_model(colours.model, colours.photos, colours.labels, out=tmp_path / "out")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"batchsize": 4}, TypeError, "unexpected option 'batchsize'"),
        ({"batch_size": 0}, UsageError, "batch_size must be 1 to 65536, not 0"),
        ({"limit": 0}, UsageError, "limit must be 1 to"),
        ({"recipe": "nobody's"}, UsageError, "nobody's"),
        ({"provider": "abacus"}, BackendError, "abacus"),
    ],
)
def test_refused(
    colours: ColourSet,
    tmp_path: Path,
    options: dict[str, Any],
    error: type[Exception],
    words: str,
) -> None:
    with pytest.raises(error, match=words):
        evaluate_model(
            colours.model, colours.photos, colours.labels, out=tmp_path / "out", **options
        )
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_there(colours: ColourSet, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere: no such file or folder"):
        evaluate_model(colours.model, tmp_path / "nowhere", colours.labels, out=tmp_path / "out")


def test_a_result_that_cannot_be_written_is_not_lost(
    colours: ColourSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "perf.json")

    monkeypatch.setattr("regcore.api.evaluation_folder.write_perf", full)
    with pytest.raises(UnwrittenError, match="No space left on device") as caught:
        evaluate_model(colours.model, colours.photos, colours.labels, out=tmp_path / "out")
    assert caught.value.evaluated.accuracy["Top3"] == 100
