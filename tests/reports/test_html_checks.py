"""What further commands find, in the report of a run: shown of this run, and of no other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import regcore
from onnx_models import save_model
from PIL import Image
from reports.report_page import Page

from regcore import (
    Preprocessor,
    add_to_report,
    check_batches,
    evaluate_model,
    examine_labels,
    identify_tensor,
    run_doctor,
    write_report,
)
from regcore.errors import DatasetError, UsageError
from regcore.evaluation.run_folder import read_run
from regcore.reports.html.checks.batchcheck import read_batchcheck
from regcore.reports.html.checks.doctor import read_doctor
from regcore.reports.html.checks.identify import read_identification

COLOURS = ("red", "lime", "blue", "cyan", "magenta", "yellow")
_FAR, _NEAR = 1.0, -0.5
#: The colours' directions, [channels, classes].
WEIGHTS = np.array(
    [
        [_FAR, _NEAR, _NEAR, -_FAR, -_NEAR, -_NEAR],
        [_NEAR, _FAR, _NEAR, -_NEAR, -_FAR, -_NEAR],
        [_NEAR, _NEAR, _FAR, -_NEAR, -_NEAR, -_FAR],
    ],
    np.float32,
)
IMAGES = 60
SECTIONS = ["labels", "batchcheck", "identified", "doctor"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on photos of which one is labelled wrongly, the model, its scores and the labels."""
    pytest.importorskip("jinja2")
    folder = tmp_path_factory.mktemp("checks")
    rng = np.random.default_rng(3)
    lines = []
    (folder / "photos").mkdir()
    for place in range(IMAGES):
        picture = Image.new("RGB", (40, 30), COLOURS[place % 6])
        picture.paste(Image.fromarray(rng.integers(0, 256, (9, 9, 3), np.uint8)), (12, 9))
        picture.save(folder / "photos" / f"{place:02}.png")
        lines.append(f"{place:02}.png {(place + (place == 7)) % 6}\n")
    (folder / "labels.txt").write_text("".join(lines))
    model = save_model(folder / "colours.onnx", weights=WEIGHTS)
    evaluate_model(model, folder / "photos", folder / "labels.txt", out=folder / "run")
    ran = regcore("infer", model, folder / "photos", folder / "scores")
    assert ran.exit_code == 0, ran.stderr
    return folder


def copied(made: Path, to: Path) -> Path:
    """The run alone, to be spoilt."""
    run = to / "run"
    run.mkdir()
    for file in (made / "run").iterdir():
        (run / file.name).write_bytes(file.read_bytes())
    return run


def identified(made: Path, folder: Path, **fields: Any) -> Any:
    """Of a tensor that the run's recipe makes, with other fields."""
    recipe = replace(read_run(made / "run").recipe, **fields)
    photos = sorted((made / "photos").iterdir())[:3]
    (batch,) = Preprocessor(recipe).stream(photos, 3)
    np.save(folder / "input.npy", batch.images)
    return identify_tensor(folder / "input.npy", photos)


def test_all_of_them_stand_in_the_report(made: Path, tmp_path: Path) -> None:
    run, scores = copied(made, tmp_path), made / "scores" / "dumpOutput_device0"
    before = write_report(run)
    assert not set(SECTIONS) & set(Page(before.path.read_text()).sections)
    for command in (
        ("labels", scores, made / "labels.txt"),
        ("batchcheck", made / "colours.onnx", made / "photos", "--batch-size", 4),
        ("doctor", "--only", "regcore,pillow"),
    ):
        told = regcore(*command, "--report", run)
        assert told.exit_code == 0, told.stderr
        assert "shows it" in told.stderr
    assert add_to_report(run, identified(made, tmp_path)) == run / "identify.json"
    written = write_report(run)
    text = written.path.read_text()
    page = Page(text)
    assert [section for section in page.sections if section in SECTIONS] == SECTIONS
    assert set(page.links) <= set(page.ids)
    assert not page.unclosed
    assert not page.fetched
    assert written.absent == before.absent
    assert "1 of 60 labels is probably wrong" in text
    assert 'alt="labelled class 2, seems class 1"' in text
    assert "made as in this run" in text
    assert "in every slot" in text
    assert "beside Pillow" in text


def test_labels_of_others(made: Path, tmp_path: Path) -> None:
    run, scores = copied(made, tmp_path), made / "scores" / "dumpOutput_device0"
    path = add_to_report(run, examine_labels(scores, made / "labels.txt"))
    content = json.loads(path.read_text())
    assert [error["image"] for error in content["errors"]] == ["07"]
    for key, value, words in (
        ("label", 0, "07 has the label 0 there, and 2 in this run"),
        ("image", "x7", "x7 is no image of this run"),
    ):
        spoilt = {**content, "errors": [{**content["errors"][0], key: value}]}
        path.write_text(json.dumps(spoilt))
        assert words in told(run, "labels")


def told(run: Path, section: str) -> str:
    """Why a section is not in the report."""
    (absent,) = [one for one in write_report(run).absent if one.section == section]
    return absent.reason


def test_a_batch_check_of_another_model(made: Path, tmp_path: Path) -> None:
    run = copied(made, tmp_path)
    model = made / "colours.onnx"
    checked = check_batches(model, made / "photos", batch_size=4, max_difference=0.01)
    add_to_report(run, checked)
    shown = read_batchcheck(run, read_run(run).content)
    assert shown is not None
    assert shown.outcome == "PASS"
    assert shown.allowed == pytest.approx(100 * 7 / 9)
    add_to_report(run, replace(checked, about={**checked.about, "model": "other.onnx"}))
    with pytest.raises(DatasetError, match=r"of another model, other\.onnx, not "):
        read_batchcheck(run, read_run(run).content)


def test_a_tensor_that_is_made_otherwise(made: Path, tmp_path: Path) -> None:
    run = copied(made, tmp_path)
    assert read_identification(read_run(run)) is None
    add_to_report(run, identified(made, tmp_path, channels="bgr"))
    shown = read_identification(read_run(run))
    assert shown is not None
    assert (shown.outcome, shown.words) == ("FAIL", "made otherwise")
    assert dict(shown.rows)["this run"].splitlines()[1:] == ["channels are BGR, not RGB"]


def test_a_doctor_says_what_is_wrong(made: Path, tmp_path: Path) -> None:
    run = copied(made, tmp_path)
    path = add_to_report(run, run_doctor(only=("regcore", "pillow", "machine")))
    content = json.loads(path.read_text())
    (own,) = [peer for peer in content["peers"] if peer["name"] == "regcore"]
    own["ways"][0]["stages"][1] |= {"differing": 3.0, "largest": 2.0, "differs": ["a.jpg"]}
    content["machine"]["problems"] = ["no disk"]
    path.write_text(json.dumps(content))
    shown = read_doctor(run)
    assert shown is not None
    assert shown.problems[0] == "no disk"
    assert shown.problems[1].startswith("regcore differs from Pillow")
    assert {cell.kind for _, cells in shown.rows for cell in cells} == {"equal", "off"}


def test_only_into_the_folder_of_a_run(made: Path, tmp_path: Path) -> None:
    found = run_doctor(only=("pillow",))
    with pytest.raises(DatasetError):
        add_to_report(tmp_path, found)
    told = regcore("doctor", "--only", "pillow", "--report", tmp_path)
    assert told.exit_code == 2
    assert "holds no run.json" in told.stderr
    run = copied(made, tmp_path)
    with pytest.raises(UsageError, match="a report shows what"):
        add_to_report(run, examined_elsewhere())
    (run / "doctor.json").write_text("{}")
    with pytest.raises(UsageError, match=r"doctor\.json"):
        add_to_report(run, found)


def examined_elsewhere() -> Any:
    """A finding that no section is for."""

    class Other:
        def to_dict(self) -> dict[str, Any]:
            return {"format": {"name": "regcore perf", "version": 1}}

    return Other()
