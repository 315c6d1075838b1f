"""The verdict: its rule, its refusals, the images it names, and what is written."""

from __future__ import annotations

import json
import math
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import regcore
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx_models import save_model
from PIL import Image

from regcore.errors import BackendError, DatasetError, MismatchError, UsageError
from regcore.evaluation.baseline import check_baseline, recipe_of
from regcore.evaluation.baseline_verdict import Measured, against_baseline
from regcore.evaluation.paired_verdict import against_run
from regcore.evaluation.predictions_csv import TopPredictions, read_predictions, write_predictions
from regcore.evaluation.score_differences import compare_scores
from regcore.evaluation.score_files.source import open_scores
from regcore.evaluation.verdict import Margin, Outcome, parse_accuracy
from regcore.formats.timm_results import find_baseline
from regcore.frameworks import import_timm
from regcore.recipes.recipe import Recipe
from regcore.recipes.timm import find_model
from regcore.scores.accumulator import ScoreAccumulator

POINT = Margin(1.0, "pt")


def test_the_issues_examples() -> None:
    found = against_baseline(Measured(50_000, 38_925, complete=True), 77.862, POINT)
    assert found.outcome is Outcome.PASS
    assert found.accuracy == pytest.approx(77.85)
    assert found.drop == pytest.approx(0.012)
    assert found.interval.low == pytest.approx(77.484, abs=1e-3)
    assert found.interval.high == pytest.approx(78.212, abs=1e-3)
    found = against_baseline(Measured(1000, 769, complete=True), 77.862, POINT)
    assert found.outcome is Outcome.UNDECIDED
    assert found.detectable == pytest.approx(2.19, abs=0.01)
    found = against_baseline(Measured(50_000, 38_000, complete=True), 77.862, POINT)
    assert found.outcome is Outcome.FAIL
    found = against_baseline(Measured(50_000, 38_925, complete=False), 77.862, POINT)
    assert found.outcome is Outcome.UNDECIDED


@given(st.integers(1, 60_000), st.floats(0, 1), st.floats(0, 100), st.floats(0, 20))
def test_the_rule(count: int, share: float, baseline: float, margin: float) -> None:
    hits = round(share * count)
    found = against_baseline(Measured(count, hits, complete=True), baseline, Margin(margin, "pt"))
    least = baseline - margin
    if found.notes:
        assert found.outcome is Outcome.UNDECIDED
        assert found.drop < 0
        assert found.interval.low > baseline
    elif found.outcome is Outcome.PASS:
        assert found.interval.low >= least
    elif found.outcome is Outcome.FAIL:
        assert found.interval.high < least
    else:
        assert found.interval.low < least <= found.interval.high


@pytest.mark.parametrize("text", ["one", "", "pt", "x%", "-1pt", "100%", "nanpt", "1 %%"])
def test_what_is_no_margin(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a margin: 1\.0pt are percentage points"):
        Margin.parse(text)


def test_margins() -> None:
    assert Margin.parse("1.0pt").points(77.862) == 1.0
    assert Margin.parse("1.0%").points(77.862) == pytest.approx(0.77862)
    assert str(Margin.parse("0.5%")) == "0.5%"
    assert Margin.parse("1") == Margin.parse("1pt")


@pytest.mark.parametrize("text", ["0.77862", "1", "0", "77,862", "101", "-3", "nan", "x", "1e9"])
def test_what_is_no_percentage(text: str) -> None:
    with pytest.raises(UsageError):
        parse_accuracy(text)


def test_percentages() -> None:
    assert parse_accuracy("77.862") == parse_accuracy("77.862%") == 77.862
    assert parse_accuracy("0.5%") == 0.5
    with pytest.raises(UsageError, match=r"looks like a fraction.*77\.862"):
        parse_accuracy("0.77862")


def test_a_gain_beyond_chance_proves_nothing() -> None:
    found = against_baseline(Measured(200, 178, complete=True), 74.83, Margin(1.0, "pt"))
    assert found.outcome is Outcome.UNDECIDED
    assert "other images than the baseline's, or something differs in kind" in found.notes[0]
    usual = against_baseline(Measured(200, 155, complete=True), 74.83, Margin(10.0, "pt"))
    assert (usual.outcome, usual.notes) == (Outcome.PASS, ())


def test_rows_without_a_number_are_wrong_in_a_verdict() -> None:
    labels = np.int64([0, 0, 0])

    def of(scores: list[list[float]]) -> TopPredictions:
        counting = ScoreAccumulator(labels)
        counting.add(np.arange(3), np.float32(scores))
        counting.finish()
        return TopPredictions(("a", "b", "c"), labels, counting.indices, counting.values)

    bad = of([[np.nan] * 3] * 3)
    good = of([[3, 2, 1], [1, 2, 3], [1, 2, 3]])
    found = against_run(bad, good, POINT, complete=True)
    assert found.accuracy == 0.0
    assert found.outcome is not Outcome.PASS
    assert found.images == 3


def test_built_in_baselines() -> None:
    row = find_baseline("regnety_016.pycls_in1k")
    assert (row.top1, row.top5, row.size, row.crop) == (77.862, 93.718, 224, 0.875)
    ours = Recipe.preset("regnety_016")
    assert check_baseline(row, row.model, ours) == ""
    with pytest.raises(MismatchError, match="short side 232 there, 256 here"):
        check_baseline(find_baseline("regnety_016.tv2_in1k"), "regnety_016.tv2_in1k", ours)
    lite = find_baseline("tf_efficientnet_lite4.in1k")
    with pytest.raises(MismatchError, match=r"filter bilinear there, bicubic here, mean \(0.5, "):
        check_baseline(lite, lite.model, Recipe(resize=413, crop=380))
    with pytest.raises(UsageError, match=r"there is regnety_016.tv2_in1k, regnety_016.pycls_in1k"):
        find_baseline("regnety_016")


@pytest.mark.parametrize("name", ["regnety_016", "the model's own", "the store's"])
def test_weights_that_are_not_named_are_assumed_only_where_that_is_said(name: str) -> None:
    row, ours = find_baseline("regnety_016.pycls_in1k"), Recipe.preset("regnety_016")
    with pytest.raises(UsageError, match="--assume-tag"):
        check_baseline(row, name, ours)
    assert "assumed, not known" in check_baseline(row, name, ours, assume_tag=True)
    for other in ("resnet50", "regnety_016.tv2_in1k"):
        with pytest.raises(MismatchError):
            check_baseline(row, other, ours, assume_tag=True)
    with pytest.raises(MismatchError, match="std"):
        check_baseline(row, row.model, Recipe(std=(0.5, 0.5, 0.5)))


@pytest.mark.slow
def test_built_in_baselines_are_of_timms_tags() -> None:
    """Size, crop and filter are those with which timm's configuration of the tag is tested."""
    try:
        models = import_timm().models
    except BackendError as error:
        pytest.skip(str(error))
    text = (files("regcore.formats") / "baselines.csv").read_text("utf-8")
    names = [line.partition(",")[0] for line in text.splitlines()[1:]]
    assert len(names) == len(set(names)) == 1001
    assert len(text) < 150_000
    for name in names:
        config = models.get_pretrained_cfg(name)
        row = find_baseline(name)
        assert row.size == (config.test_input_size or config.input_size)[1], name
        crop = config.test_crop_pct or config.crop_pct
        assert row.crop == pytest.approx(crop, abs=0.0005001), name  # the table has three places
        assert math.floor(row.size / row.crop) == math.floor(row.size / crop), name
        # timm resizes for it by another filter since its accuracy was published.
        assert row.interpolation == config.interpolation or name == "ghostnet_100.in1k", name
        recipe = recipe_of(row)
        assert (recipe.mean, recipe.std) == (config.mean, config.std), name
        assert config.num_classes == 1000
        assert row.top1 < row.top5 < 100
        assert (row.images, row.line) == (50_000, names.index(name) + 2)
    # 50,000 images give even thousandths of a percent; the table is sorted by them.
    shown = [line.split(",")[1:3] for line in text.splitlines()[1:]]
    assert all(int(figure[-1]) % 2 == 0 for pair in shown for figure in pair)
    assert shown == sorted(shown, key=lambda pair: [float(figure) for figure in pair], reverse=True)
    for name in (
        "volo_d5_512.sail_in1k",
        "dm_nfnet_f0.dm_in1k",
        "vit_base_patch16_clip_384.openai_ft_in1k",
        names[-1],
    ):
        assert recipe_of(find_baseline(name)) == find_model(name, test_size=True).recipe, name
    # Nothing of these families with weights for ImageNet is left out.
    for pattern in ("*regnet*", "*efficientnet_lite*"):
        for name in models.list_pretrained(pattern):
            assert name in names or models.get_pretrained_cfg(name).num_classes != 1000, name


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    table = tmp_path / "results.csv"
    table.write_text("model,top1,top5,img_size,crop_pct,interpolation\nm,70,90,224,0.875,bicubic\n")
    assert find_baseline("m", table).top1 == 70
    table.write_text("model,top1\nm,70\n")
    with pytest.raises(DatasetError, match="not a table as timm's"):
        find_baseline("m", table)


def predictions(labels: list[int], answers: list[int]) -> TopPredictions:
    count = len(labels)
    classes = np.full((count, 5), -1, np.int64)
    classes[:, 0] = answers
    scores = np.full((count, 5), np.nan, np.float32)
    scores[:, 0] = np.linspace(0, 1, count, dtype=np.float32)
    images = tuple(f"a/{i}.jpg" for i in range(count))
    return TopPredictions(images, np.array(labels), classes, scores)


def test_flips_are_named() -> None:
    before = predictions([0, 1, 2, 3, 4], [0, 1, 9, 9, 4])
    now = predictions([0, 1, 2, 3, 4], [0, 7, 2, 8, 4])
    found = against_run(now, before, POINT, complete=True)
    assert (found.lost, found.won, found.other) == (("a/1.jpg",), ("a/2.jpg",), ("a/3.jpg",))
    assert (found.before, found.accuracy, found.change) == (60.0, 60.0, 0.0)
    assert found.p == 1.0
    assert found.outcome is Outcome.UNDECIDED  # five images tell nothing
    assert not found.equivalent


def test_the_same_answers_on_many_images_pass() -> None:
    labels = [i % 10 for i in range(5000)]
    same = predictions(labels, labels)
    assert against_run(same, same, POINT, complete=True).outcome is Outcome.PASS
    assert against_run(same, same, POINT, complete=True).equivalent
    assert against_run(same, same, POINT, complete=False).outcome is Outcome.UNDECIDED
    worse = predictions(labels, [label if i % 20 else 11 for i, label in enumerate(labels)])
    found = against_run(worse, same, POINT, complete=True)
    assert found.outcome is Outcome.FAIL
    # Not worse, but not the same either.
    better = against_run(same, worse, POINT, complete=True)
    assert (better.outcome, better.equivalent) == (Outcome.PASS, False)
    assert "something differs in kind" in better.notes[0]
    assert len(found.lost) == 250
    assert found.change == pytest.approx(-5.0)


def test_runs_on_other_images_or_labels_are_refused() -> None:
    four, three = predictions([0, 1, 2, 3], [0, 1, 2, 3]), predictions([0, 1, 2], [0, 1, 2])
    with pytest.raises(
        MismatchError, match=r"1 only in this one, 0 only in that of --against, a/3\.jpg"
    ):
        against_run(four, three, POINT, complete=True)
    with pytest.raises(
        MismatchError,
        match=r"0 only in this one, 1 only in that of --against, a/3\.jpg for instance; run both",
    ):
        against_run(three, four, POINT, complete=True)
    with pytest.raises(MismatchError, match=r"other labels: a/1\.jpg .* is 1 in this one and 2 in"):
        against_run(three, predictions([0, 2, 2], [0, 1, 2]), POINT, complete=True)
    with pytest.raises(MismatchError, match=r"all are one apart, as where .* background"):
        against_run(three, predictions([1, 2, 3], [1, 2, 3]), POINT, complete=True)


@pytest.mark.slow
@settings(deadline=None)
@given(st.data())
def test_predictions_are_read_as_they_were_written(
    tmp_path_factory: Any, data: st.DataObject
) -> None:
    count = data.draw(st.integers(0, 6))

    def rows(values: st.SearchStrategy[Any]) -> list[list[Any]]:
        row = st.lists(values, min_size=5, max_size=5)
        return data.draw(st.lists(row, min_size=count, max_size=count))

    names = st.text(st.characters(codec="utf-8"), max_size=8)
    images = data.draw(st.lists(names, min_size=count, max_size=count, unique=True))
    classes = np.array(rows(st.integers(-1, 1000)), np.int64).reshape(-1, 5)
    scores = np.array(rows(st.floats(width=32, allow_nan=False)), np.float32).reshape(-1, 5)
    scores[classes < 0] = np.nan
    given_ = TopPredictions(tuple(images), np.arange(count), classes, scores)
    path = tmp_path_factory.mktemp("predictions") / "predictions.csv"
    write_predictions(path, given_)
    found = read_predictions(path)
    assert found.images == given_.images
    np.testing.assert_array_equal(found.labels, given_.labels)
    np.testing.assert_array_equal(found.classes, classes)
    np.testing.assert_array_equal(found.scores.view(np.uint32), scores.view(np.uint32))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "its header is another"),
        ("image,label\n", "its header is another"),
        ("{header}\na.jpg,1,2\n", "line 2: not a prediction"),
        ("{header}\na.jpg,x,,,,,,,,,,\n", "line 2: not a prediction"),
        ("{header}\na.jpg,1,2,1e308,,,,,,,,\n", "line 2: not a prediction"),
        ("{header}\na.jpg,1,,,,,,,,,,\na.jpg,1,,,,,,,,,,\n", "an image is in it twice"),
    ],
)
def test_damaged_predictions_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "predictions.csv"
    header = "image,label," + ",".join(f"class{k},score{k}" for k in range(1, 6))
    path.write_text(text.format(header=header))
    with pytest.raises(DatasetError, match=message):
        read_predictions(path)


@pytest.fixture
def runs(tmp_path: Path) -> dict[str, Path]:
    """Runs of a good and of a bad model on 30 photos of one colour each, and their scores."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(30):
        Image.new("RGB", (40, 40), ("red", "lime", "blue")[i % 3]).save(photos / f"{i:02}.png")
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"{i:02}.png {i % 3}\n" for i in range(30)))
    models = {
        "good": save_model(tmp_path / "good.onnx"),
        "bad": save_model(tmp_path / "bad.onnx", weights=np.eye(3)[[1, 0, 2]]),
    }
    found = {}
    for name, model in models.items():
        found[name] = tmp_path / name
        result = regcore("run", model, photos, "--labels", labels, "--out", found[name])
        assert result.exit_code == 0, result.output
        regcore("infer", model, photos, tmp_path / f"{name}-scores")
        found[f"{name}-scores"] = tmp_path / f"{name}-scores" / "dumpOutput_device0"
    return found


@pytest.mark.slow
def test_verdicts_of_runs(runs: dict[str, Path]) -> None:
    result = regcore("verdict", runs["good"], "--baseline-top1", 80, "--max-drop", "1.0pt")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("PASS")
    assert "100.000 %, 95 % interval 88.6" in result.stdout
    result = regcore("verdict", runs["bad"], "--baseline-top1", 80, "--max-drop", "1.0pt", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["outcome"] == "FAIL"
    assert json.loads(result.stdout) == json.loads((runs["bad"] / "verdict.json").read_text())
    result = regcore("verdict", runs["good"], "--baseline-top1", 99, "--max-drop", "1.0pt")
    assert result.exit_code == 3
    assert result.stdout.startswith("UNDECIDED")
    tag = "regnety_016.pycls_in1k"
    judge = ("verdict", runs["good"], "--baseline", tag, "--max-drop", "1.0%")
    assert "--assume-tag vouches for it" in regcore(*judge).stderr
    result = regcore(*judge, "--assume-tag")
    assert result.exit_code == 0
    assert "assumed, not known" in result.stdout
    assert "30 images, the baseline is of 50000: the interval holds if they are" in result.stderr
    result = regcore(
        *("verdict", runs["good"], "--baseline", "regnety_016.tv2_in1k", "--max-drop", "1%"),
        "--assume-tag",
    )
    assert result.exit_code == 5
    assert "does not hold for this run: short side 232 there, 256 here" in result.stderr
    path = runs["good"] / "run.json"
    report = {**json.loads(path.read_text()), "recipe": "regnety_008.pycls_in1k (0123456789ab)"}
    path.write_text(json.dumps(report))
    result = regcore("verdict", runs["good"], "--baseline", tag, "--max-drop", "1.0%")
    assert result.exit_code == 5
    assert f"the run is of regnety_008.pycls_in1k, the baseline of {tag}" in result.stderr


def test_models_with_a_background(tmp_path: Path) -> None:
    """The classes of 1001 are counted from 1, in the predictions, too."""
    weights = np.zeros((3, 1001), np.float32)
    weights[[0, 1, 2], [1, 2, 3]] = 1
    model = save_model(tmp_path / "m.onnx", weights=weights)
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(6):
        Image.new("RGB", (40, 40), ("red", "lime", "blue")[i % 3]).save(photos / f"{i}.png")
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"{i}.png {i % 3 if i else 2}\n" for i in range(6)))
    out = tmp_path / "run"
    result = regcore("run", model, photos, "--labels", labels, "--out", out, "--json")
    assert json.loads(result.stdout)["hits"][0] == 5
    found = read_predictions(out / "predictions.csv")
    assert found.correct.tolist() == [False] + 5 * [True]
    assert found.labels.tolist() == [3, 2, 3, 1, 2, 3]


@pytest.mark.slow
def test_other_recipes_are_told(runs: dict[str, Path]) -> None:
    path = runs["bad"] / "run.json"
    report = json.loads(path.read_text())
    report["preprocessing"]["filter"] = "bilinear"
    path.write_text(json.dumps(report))
    result = regcore("verdict", runs["bad"], "--against", runs["good"], "--max-drop", "1pt")
    assert result.exit_code == 1
    assert "the runs' images were made by different recipes" in result.stderr


@pytest.mark.slow
def test_a_run_against_another(runs: dict[str, Path]) -> None:
    scores = ("--scores", runs["bad-scores"], runs["good-scores"])
    result = regcore(
        "verdict", runs["bad"], "--against", runs["good"], "--max-drop", "1pt", *scores
    )
    assert result.exit_code == 1, result.output
    assert "right before, wrong now           20" in result.stdout
    assert "00.png" in result.stdout
    found = json.loads((runs["bad"] / "verdict.json").read_text())
    assert len(found["against"]["lost"]) == 20
    assert found["scores"]["same_answers"] == 10
    assert found["scores"]["differing_bits"] == 30
    same = ("--scores", runs["good-scores"], runs["good-scores"], "--json")
    result = regcore("verdict", runs["good"], "--against", runs["good"], "--max-drop", "9pt", *same)
    found = json.loads(result.stdout)["scores"]
    assert (found["largest_difference"], found["differing_bits"]) == (0.0, 0)
    assert found["smallest_cosine"] == pytest.approx(1)


def test_scores_that_are_no_numbers_hide_no_difference(tmp_path: Path) -> None:
    one = np.ones((4, 3), np.float32)
    other = one.copy()
    other[0, 0], other[1, 2], other[2, 1] = np.nan, np.inf, 1.5
    for name, scores in (("one", one), ("other", other), ("lost", np.full_like(one, np.nan))):
        np.save(tmp_path / f"{name}.npy", scores)
        (tmp_path / f"{name}.names.txt").write_text("a\nb\nc\nd\n")
    now, before, lost = (
        open_scores(tmp_path / f"{name}.npy", tuple("abcd")) for name in ("other", "one", "lost")
    )
    found = compare_scores(now, before)
    assert (found.not_finite, found.differing_bits) == (2, 3)
    assert (found.largest_difference, found.most_different) == (0.5, "c")
    assert found.least_parallel == "c"
    found = compare_scores(now, lost)
    assert (found.not_finite, found.most_different) == (4, "")


def test_answers_and_angles_of_rows_with_nan_and_of_zeros(tmp_path: Path) -> None:
    nan = np.nan
    rows = {
        "now": [[nan, 3, 1], [nan, 3, 1], [0, 0, 0], [0, 0, 0]],
        "before": [[nan, 1, 3], [0, 3, 1], [0, 0, 0], [0, 3, 1]],
    }
    opened = []
    for name, scores in rows.items():
        np.save(tmp_path / f"{name}.npy", np.array(scores, np.float32))
        (tmp_path / f"{name}.names.txt").write_text("a\nb\nc\nd\n")
        opened.append(open_scores(tmp_path / f"{name}.npy", tuple("abcd")))
    found = compare_scores(*opened)
    assert found.same_answers == 2  # of b and c: NaN is no answer
    assert (found.smallest_cosine, found.least_parallel) == (0, "d")


@pytest.mark.slow
def test_an_incomplete_run_decides_nothing(runs: dict[str, Path]) -> None:
    path = runs["good"] / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "complete": False}))
    result = regcore("verdict", runs["good"], "--baseline-top1", 50, "--max-drop", "1pt")
    assert result.exit_code == 3
    assert "an accuracy over a part of the images decides nothing" in result.stderr


def test_the_guides_result(tmp_path: Path) -> None:
    path = tmp_path / "result_bs1.json"
    rows = {"Number of images": "50000", "Number of classes": "1000", "Top1 accuracy": "77.85%"}
    value = [{"key": key, "value": text} for key, text in rows.items()]
    path.write_text(json.dumps({"title": "Overall statistical evaluation", "value": value}))
    result = regcore("verdict", path, "--baseline-top1", 77.862, "--max-drop", "1.0pt")
    assert result.exit_code == 0, result.output
    assert "77.850 %, 95 % interval 77.484 to 78.212" in result.stdout
    for arguments, message in (
        (("--baseline", "regnety_016.pycls_in1k"), "does not say how its images were made"),
        (("--against", tmp_path), "does not say how its images were made"),
        ((), "judge by what?"),
        (("--baseline", "x", "--baseline-top1", "7"), "not both"),
        (("--table", path, "--baseline-top1", "7"), "--table needs --baseline"),
    ):
        result = regcore("verdict", path, "--max-drop", "1pt", *arguments)
        assert result.exit_code == 2
        assert message in result.output
    path.write_text("{}")
    result = regcore("verdict", path, "--baseline-top1", 77.862, "--max-drop", "1.0pt")
    assert result.exit_code == 3
    assert "not a result.json of the guide" in result.stderr
