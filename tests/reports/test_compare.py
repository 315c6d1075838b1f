"""Rates side by side with their sources, and a guide's table against its own logs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from command_line import regcore
from onnx_models import save_model
from PIL import Image

GUIDE = Path(__file__).parents[3] / "shared" / "guide.md"

# Section 7.4 of the guide: batch, 310, 310P, T4, 310P/310, 310P/T4.
TABLE = """
1 1132.564 634.528 280.845 0.56025796 2.259353
4 2404.912 2228.9 777.088 0.92681146 2.8682723
8 2751.4 3495.03 1183.992 1.27027332 2.9519034
16 2917.84 3907.39 1569.184 1.33913786 2.4900776
32 2783.564 3655.45 1793.392 1.3132265 2.0382883
64 2487.792 3108.82 1918.7328 1.24963019 1.6202464
best 2917.84 3907.39 1918.7328 1.33913786 2.036443
"""
ROWS = [line.split() for line in TABLE.split("\n") if line]


def perf_text(rate: str, end_to_end: str = "185.966", infer: str = "infer") -> str:
    return (
        f"[e2e] throughputRate: {end_to_end}, latency: 268866\n"
        "[data read] throughputRate: 197.421, moduleLatency: 5.06532\n"
        "[preprocess] throughputRate: 196.443, moduleLatency: 5.09054\n"
        f"[{infer}] throughputRate: 186.579, Interface throughputRate: {rate}, "
        "moduleLatency: 4.71504\n"
        "[post] throughputRate: 16.0426, moduleLatency: 62.3341\n"
    )


def write_perf(folder: Path, batch: int, rate: str, **changes: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"perf_vision_batchsize_{batch}_device_0.txt"
    path.write_text(perf_text(rate, **changes))
    return path


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """A folder for each device, with the rates of the guide's table."""
    found = {name: tmp_path / name for name in ("310", "310P", "T4")}
    for batch, *rates in ROWS[:-1]:
        for (name, folder), rate in zip(found.items(), rates, strict=False):
            del name
            write_perf(folder, int(batch), rate)
    return found


def test_the_guides_table_comes_out_digit_for_digit(folders: dict[str, Path]) -> None:
    names = [f"{name}={path}" for name, path in folders.items()]
    ratios = ("--ratio", "310P/310:8", "--ratio", "310P/T4:7")
    result = regcore("compare", *names, *ratios, "--format", "csv")
    assert result.exit_code == 0, result.output
    header, *rows = csv.reader(io.StringIO(result.stdout))
    assert header == ["", "310", "310P", "T4", "310P/310", "310P/T4"]
    expected = [[f"bs{row[0]}" if row[0] != "best" else "best", *row[1:]] for row in ROWS]
    assert rows == expected
    markdown = regcore("compare", *names, *ratios, "--format", "markdown").stdout.split("\n")
    assert markdown[0] == "|  | 310 | 310P | T4 | 310P/310 | 310P/T4 |"
    assert markdown[2] == "| bs1 | 1132.564 | 634.528 | 280.845 | 0.56025796 | 2.259353 |"


def test_the_cards_rule_is_applied_and_shown(tmp_path: Path) -> None:
    path = write_perf(tmp_path / "310", 16, "714.514")
    result = regcore("compare", tmp_path / "310", "--chips", "310=4", "--json")
    (column,) = json.loads(result.stdout)["columns"]
    assert (column["name"], column["chips"]) == ("310", 4)
    assert column["cells"] == [
        {
            "batch": 16,
            "images_per_s": 2858.056,
            "measured": 714.514,
            "unit": "images/s",
            "rules": ["x 4 chips"],
            "devices": 1,
            "file": str(path),
            "line": 4,
        }
    ]
    assert column["best"] == column["cells"][0]
    result = regcore("compare", tmp_path / "310", "--chips", "310=4")
    assert f"310 bs16: 714.514 images/s x 4 chips, {path}:4" in result.stderr


def test_end_to_end_and_later_builds(tmp_path: Path) -> None:
    write_perf(tmp_path / "a", 4, "580.005", end_to_end="235.164", infer="inference")
    result = regcore("compare", tmp_path / "a", "--format", "csv")
    assert "bs4,580.005" in result.stdout
    result = regcore("compare", tmp_path / "a", "--format", "csv", "--metric", "end-to-end")
    assert "bs4,235.164" in result.stdout


def test_stages_are_in_images(tmp_path: Path) -> None:
    """The guide's log of batch 16, where [post] counts batches: 16.0426 x 16 = 256.68."""
    path = write_perf(tmp_path / "a", 16, "714.514")
    for metric, rate in (
        ("read", 197.421), ("preprocess", 196.443), ("infer", 186.579), ("post", 256.6816),
    ):  # fmt: skip
        result = regcore("compare", tmp_path / "a", "--metric", metric, "--json")
        (cell,) = json.loads(result.stdout)["columns"][0]["cells"]
        assert cell["images_per_s"] == pytest.approx(rate, abs=1e-9)
    assert (cell["unit"], cell["measured"]) == ("batches/s", 16.0426)
    assert (cell["rules"], cell["line"]) == (["x 16 images a batch"], 5)
    result = regcore("compare", path, "--metric", "post")
    assert "16.0426 batches/s x 16 images a batch" in result.stderr


def test_devices_that_share_a_run_are_added(tmp_path: Path) -> None:
    for device, rate in ((2, "690"), (1, "710.25"), (0, "700.5")):
        path = write_perf(tmp_path / "a", 16, rate)
        path.rename(path.with_name(f"perf_vision_batchsize_16_device_{device}.txt"))
    result = regcore("compare", tmp_path / "a", "--json")
    (cell,) = json.loads(result.stdout)["columns"][0]["cells"]
    assert (cell["images_per_s"], cell["devices"], cell["measured"]) == (2100.75, 3, 700.5)
    assert cell["rules"][1].startswith("+ 690 images/s of ")
    assert cell["rules"][1].endswith("perf_vision_batchsize_16_device_2.txt:4")
    result = regcore("compare", tmp_path / "a", "--chips", "a=4")
    assert result.exit_code == 5
    assert "is the sum of 3 devices already; leave out --chips" in result.stderr


TRTEXEC_LOG = Path(__file__).parents[1] / "formats" / "trtexec_logs" / "t4_batch1.txt"


def test_other_tools(tmp_path: Path) -> None:
    summary = tmp_path / "out_summary.json"
    times = {"min": 1.0, "max": 3.0, "mean": 2.0, "median": 2.0, "percentile(99%)": 2.9}
    summary.write_text(json.dumps({"NPU_compute_time": times, "throughput": 8000.0, "args": {}}))
    pure = tmp_path / "PureInfer_perf_of_regnety_bs8_in_device_0.txt"
    pure.write_text("ave_throughputRate: 440.606samples/s, ave_latency: 2.304ms\n")
    result = regcore("compare", f"T4={TRTEXEC_LOG}", f"A={summary}", f"P={pure}", "--json")
    assert result.exit_code == 0, result.output
    t4, ais, pure_infer = json.loads(result.stdout)["columns"]
    (cell,) = t4["cells"]
    assert (cell["batch"], cell["images_per_s"], cell["unit"]) == (1, 231.086, "queries/s")
    assert cell["rules"] == ["x 1 image a query"]
    assert cell["file"] == str(TRTEXEC_LOG)
    assert "231.086 qps" in TRTEXEC_LOG.read_text().splitlines()[cell["line"] - 1]
    assert (ais["cells"][0]["batch"], ais["cells"][0]["images_per_s"]) == (16, 8000.0)
    assert (pure_infer["cells"][0]["batch"], pure_infer["cells"][0]["line"]) == (8, 1)
    result = regcore("compare", f"T4={TRTEXEC_LOG}", "--metric", "end-to-end")
    assert result.exit_code == 3
    assert "measures the device alone" in result.stderr


def test_regcores_own_run(tmp_path: Path) -> None:
    assert (
        regcore("infer", "simulated:900", "--random", tmp_path / "r", "--rounds", 3).exit_code == 0
    )
    result = regcore("compare", f"ours={tmp_path / 'r'}", "--json")
    (cell,) = json.loads(result.stdout)["columns"][0]["cells"]
    assert cell["batch"] == 16
    assert cell["images_per_s"] == pytest.approx(900, rel=1e-3)
    assert cell["file"].endswith("perf_vision_batchsize_16_device_0.txt")
    result = regcore("compare", f"ours={tmp_path / 'r' / 'perf.json'}", "--json")
    (cell,) = json.loads(result.stdout)["columns"][0]["cells"]
    assert (cell["images_per_s"], cell["line"]) == (900.0, None)


def test_missing_cells_stay_empty(tmp_path: Path) -> None:
    write_perf(tmp_path / "a", 1, "100")
    write_perf(tmp_path / "b", 4, "50")
    result = regcore("compare", tmp_path / "a", tmp_path / "b", "--ratio", "a/b", "--format", "csv")
    assert result.stdout == ",a,b,a/b\nbs1,100,,\nbs4,,50,\nbest,100,50,2\n"


GUIDE_RESULT = (
    '{"title": "Overall statistical evaluation", "value": ['
    '{"key": "Number of images", "value": "50000"}, {"key": "Number of classes", "value": "1000"}, '
    '{"key": "Top1 accuracy", "value": "77.85%"}, {"key": "Top2 accuracy", "value": "87.5%"}, '
    '{"key": "Top5 accuracy", "value": "93.72%"}]}'
)


def test_accuracies_beside_rates(tmp_path: Path) -> None:
    write_perf(tmp_path / "310", 16, "714.514")
    result = tmp_path / "310" / "result_bs16.json"
    result.write_text(GUIDE_RESULT)
    found = regcore(
        "compare", f"310={tmp_path / '310'}", "published=timm:regnety_016.pycls_in1k",
        "--chips", "310=4", "--ratio", "310/published", "--format", "csv",
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    assert list(csv.reader(io.StringIO(found.stdout))) == [
        ["", "310", "published", "310/published"],
        ["bs16 (images/s)", "2858.056", "", ""],
        ["best (images/s)", "2858.056", "", ""],
        ["Top1 (%)", "", "77.862", ""],
        ["Top1 interval (%)", "", "77.50 to 78.22", ""],
        ["Top5 (%)", "", "93.718", ""],
        ["Top5 interval (%)", "", "93.50 to 93.93", ""],
        ["Top1 bs16 (%)", "77.85", "", ""],
        ["Top1 bs16 interval (%)", "77.48 to 78.21", "", ""],
        ["Top5 bs16 (%)", "93.72", "", ""],
        ["Top5 bs16 interval (%)", "93.50 to 93.93", "", ""],
        ["images", "", "50000", ""],
        ["images bs16", "50000", "", ""],
    ]
    assert f"310 Top1 bs16: 77.85 %, {result}:1, Top1 accuracy\n" in found.stderr
    assert "validation images, regcore/formats/baselines.csv:" in found.stderr
    assert "regnety_016.pycls_in1k, top5\n" in found.stderr


def test_an_accuracy_says_where_it_is_from(tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    result.write_text(GUIDE_RESULT.replace(", {", ",\n{"))
    table = tmp_path / "validated.csv"
    table.write_text(
        "model,top1,top1_err,top5,top5_err,param_count,img_size,crop_pct,interpolation\n"
        "other.a,70.5,29.5,90,10,1,224,0.875,bicubic\n"
        "mine.b,71.25,28.75,91,9,1,224,0.875,bicubic\n"
    )
    found = regcore("compare", f"ours={result}", f"theirs={table}:mine.b", "--json")
    assert found.exit_code == 0, found.output
    ours, theirs = json.loads(found.stdout)["columns"]
    assert ours["cells"] == []
    assert ours["best"] is None
    top1, top5 = ours["accuracies"]
    low, high = top1.pop("interval")
    assert (low, high) == (pytest.approx(77.484, abs=1e-3), pytest.approx(78.212, abs=1e-3))
    assert top1 == {
        "top": 1, "batch": None, "complete": True, "accuracy": 77.85, "unit": "%",
        "possible": None, "images": 50000, "expected_images": 50000, "rules": [],
        "file": str(result), "line": 3, "key": "Top1 accuracy",
    }  # fmt: skip
    assert (top5["top"], top5["accuracy"], top5["line"]) == (5, 93.72, 5)
    top1 = theirs["accuracies"][0]
    assert (top1["accuracy"], top1["file"], top1["line"]) == (71.25, str(table), 3)
    # A table that does not tell of how many images it is gives no sampling error.
    assert (top1["images"], top1["interval"], top1["complete"]) == (None, None, True)
    named = table.rename(tmp_path / "results-imagenet.csv")
    found = regcore("compare", f"{named}:mine.b", "--json")
    (column,) = json.loads(found.stdout)["columns"]
    assert column["name"] == "mine.b"
    assert column["accuracies"][0]["images"] == 50_000


def incomplete_run(tmp_path: Path) -> Path:
    """Nine of ten photos, all right but one."""
    photos = tmp_path / "photos"
    photos.mkdir()
    colours = ("red", "lime", "blue")
    for i in range(9):
        Image.new("RGB", (40, 40), colours[i % 3]).save(photos / f"{i}.png")
    (photos / "9.png").write_bytes(b"no photo")
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"{i}.png {0 if i == 1 else i % 3}\n" for i in range(10)))
    out = tmp_path / "run"
    model = save_model(tmp_path / "m.onnx")
    assert regcore("run", model, photos, "--labels", labels, "--out", out).exit_code == 3
    return out


def test_what_is_incomplete_is_only_bounded(tmp_path: Path) -> None:
    out = incomplete_run(tmp_path)
    found = regcore("compare", f"a={out}", "--json")
    assert found.exit_code == 3
    content = json.loads(found.stdout)
    top1 = content["columns"][0]["accuracies"][0]
    assert (top1["complete"], top1["accuracy"], top1["interval"]) == (False, None, None)
    assert top1["possible"] == [80.0, 90.0]
    assert (top1["images"], top1["expected_images"]) == (9, 10)
    path = out / "result.incomplete.json"
    assert content["incomplete"] == [f"a: INCOMPLETE, 9 of 10 images, {path}"]
    for form in ("table", "markdown", "csv"):
        found = regcore("compare", f"a={out}", "--format", form)
        assert found.exit_code == 3
        assert "INCOMPLETE: 80.00 to 90.00" in found.stdout
        assert "9 of 10" in found.stdout
        assert "88.89" not in found.output  # of the nine, which stands for nothing
        assert f"regcore: a: INCOMPLETE, 9 of 10 images, {path}" in found.stderr


def test_nothing_was_counted(tmp_path: Path) -> None:
    path = tmp_path / "result.incomplete.json"
    path.write_text(
        '{"title": "", "value": [{"key": "Number of images", "value": "0"}, '
        '{"key": "Number of classes", "value": "0"}], "incomplete": {"expected_images": 4}}'
    )
    found = regcore("compare", path, "--format", "csv")
    assert found.exit_code == 3
    assert "Top1 (%),INCOMPLETE: 0.00 to 100.00" in found.stdout


def test_accuracies_of_other_numbers_of_images_are_doubted(tmp_path: Path) -> None:
    for name, images in (("a", "50000"), ("b", "49990")):
        (tmp_path / f"{name}.json").write_text(GUIDE_RESULT.replace("50000", images))
    found = regcore("compare", tmp_path / "a.json", tmp_path / "b.json", "--json")
    assert found.exit_code == 0
    doubt = "the accuracies are not of the same images: a 50,000, b 49,990"
    assert json.loads(found.stdout)["doubts"] == [doubt]
    assert doubt in found.stderr


def test_a_bar_in_a_name_is_no_column(tmp_path: Path) -> None:
    path = write_perf(tmp_path / "a", 1, "100")
    found = regcore("compare", f"A|B={path}", "--format", "markdown")
    assert found.stdout.startswith("|  | A\\|B |\n| --- | --: |\n")


def test_a_file_that_is_named_as_a_result_and_is_none_is_told(tmp_path: Path) -> None:
    write_perf(tmp_path / "a", 1, "100")
    (tmp_path / "a" / "t4_bs4.log").write_text("")
    (tmp_path / "a" / "notes.txt").write_text("hello")
    found = regcore("compare", f"A={tmp_path / 'a'}", "--json")
    doubt = f"{tmp_path / 'a' / 't4_bs4.log'}: left out, it is no result that is known"
    assert json.loads(found.stdout)["doubts"] == [doubt]
    assert doubt in found.stderr


def test_a_comparison_for_the_report(tmp_path: Path) -> None:
    path = write_perf(tmp_path / "a", 1, "100")
    found = regcore("compare", f"A={path}", "--out", tmp_path / "run", "--json")
    assert json.loads((tmp_path / "run" / "comparison.json").read_text()) == json.loads(
        found.stdout
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "name at least one result"),
        (("nowhere",), 2, "nowhere: no such file or folder"),
        (("{a}", "--ratio", "a/x"), 2, "no column x"),
        (("{a}", "--ratio", "a"), 2, "expected A/B"),
        (("{a}", "--chips", "x=4"), 2, "expected NAME=N"),
        (("{a}", "--chips", "a=none"), 2, "expected NAME=N"),
        (("a={a}", "a={b}"), 5, "a at batch 1 has two results"),
        (("{empty}",), 3, "no results of a known tool in this folder"),
        (("{text}",), 3, "not a result that is known"),
        (("{cut}",), 3, "no interface rate of the benchmark tool"),
        (("{a}", "--lint", "{text}"), 2, "takes a guide, and no results"),
        (("--lint", "{text}"), 3, "no table with a row for each batch size"),
        (("timm:regnety_016.tv1",), 2, "there is regnety_016.tv2_in1k, regnety_016.pycls_in1k"),
        (("timm:regnet",), 2, "no baseline of 'regnet' (built in, of timm); there is regnet"),
        (("{perf}", "--metric", "post"), 3, "tells the rate of a stage, post"),
        (("{table}",), 2, "has 2 models, name one of them: FILE.csv:MODEL"),
        (("{table}:z",), 2, "no baseline of 'z'"),
        (("{a}/nothing.csv:z",), 2, "nothing.csv:z: no such file or folder"),
        (("{broken}",), 3, "damaged, not a JSON text"),
        (("{nonsense}",), 3, "no evaluation gives these figures"),
        (("a={result}", "a={result}"), 5, "a, Top1, has two results"),
    ],
)
def test_bad_requests_are_named(
    tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    write_perf(tmp_path / "a", 1, "100")
    write_perf(tmp_path / "b", 1, "100")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_text("hello")
    cut = tmp_path / "perf_vision_batchsize_1_device_0.txt"
    cut.write_text("[e2e] throughputRate: 185.966, latency: 268866\n")
    names = (
        "a",
        "b",
        "empty",
        "table.csv",
        "broken.json",
        "nonsense.json",
        "result.json",
        "perf.json",
    )
    places = {name.partition(".")[0]: tmp_path / name for name in names}
    places["table"].write_text("model,top1,top5,img_size,crop_pct,interpolation\nx\ny\n")
    places["broken"].write_text(GUIDE_RESULT[:-9])
    places["nonsense"].write_text(GUIDE_RESULT.replace("77.85", "nan"))
    places["result"].write_text(GUIDE_RESULT)
    places["perf"].write_text('{"format": {"name": "regcore perf", "version": 1}}')
    filled = [text.format(**places, text=tmp_path / "text.txt", cut=cut) for text in arguments]
    result = regcore("compare", *filled)
    assert result.exit_code == code, result.output
    assert message in result.output


SMALL_GUIDE = """# A port

### 1.1 X1 rates
batch1 of result/perf_vision_batchsize_1_device_0.txt:
```
{log}
```
Interface throughputRate: 100.5, 100.5x2={product} is the card
batch 4 throughput: 300.25 fps

### 1.2 GPU rates
batch1
```
[I] Throughput: 50.5 qps
```
batch4 throughput: 20.5 * 4 = 82 qps

| | X1 | GPU | X1/GPU |
|---|---|---|---|
| bs1 | {x1} | 50.5 | 3.98 |
| bs4 | 300.25 | 82 | {ratio} |
| best | {best} | 82 | 3.66 |
"""


def small_guide(path: Path, **changes: str) -> Path:
    values = {"product": "201", "x1": "201", "ratio": "3.66", "best": "300.25", **changes}
    path.write_text(SMALL_GUIDE.format(log=perf_text("100.5"), **values))
    return path


def test_a_guide_without_mistakes(tmp_path: Path) -> None:
    result = regcore("compare", "--lint", small_guide(tmp_path / "guide.md"), "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["mismatches"] == []
    assert found["corrected"][1:] == [
        ["bs1", "201", "50.5", "3.98"],
        ["bs4", "300.25", "82", "3.66"],
        ["best", "300.25", "82", "3.66"],
    ]
    assert found["checked"] == 2 + 4 + 5


@pytest.mark.parametrize(
    ("change", "what", "right"),
    [
        ({"x1": "201.5"}, "X1 bs1", "100.5 x 2 = 201"),
        ({"product": "202"}, "X1 bs1, multiplied", "100.5 x 2 = 201"),
        ({"ratio": "3.86"}, "X1/GPU bs4", "3.66158537"),
        ({"best": "301"}, "X1 best", "300.25"),
    ],
)
def test_each_kind_of_mistake_is_found(
    tmp_path: Path, change: dict[str, str], what: str, right: str
) -> None:
    result = regcore("compare", "--lint", small_guide(tmp_path / "guide.md", **change), "--json")
    assert result.exit_code == 5
    found = {m["what"]: m for m in json.loads(result.stdout)["mismatches"]}
    assert found[what]["found"] == right
    assert found[what]["written"] == next(iter(change.values()))
    assert found[what]["source"].startswith("guide.md:")


@pytest.mark.skipif(not GUIDE.is_file(), reason="needs ../shared/guide.md")
def test_the_guides_own_eleven_mistakes() -> None:
    result = regcore("compare", "--lint", GUIDE, "--json")
    assert result.exit_code == 5
    mismatches = json.loads(result.stdout)["mismatches"]
    found = {m["what"]: (m["written"], m["found"].split(" = ")[-1]) for m in mismatches}
    assert found == {
        "310 bs1": ("1132.564", "1055.488"),
        "310 bs4": ("2404.912", "2320.02"),
        "310 bs8": ("2751.4", "2692.828"),
        "310 bs16": ("2917.84", "2858.056"),
        "310 bs32": ("2783.564", "2732.352"),
        "310P bs1": ("634.528", "624.486"),
        "T4 bs1": ("280.845", "231.086"),
        "T4 bs4": ("777.088", "736.148"),
        "T4 bs8": ("1183.992", "1218.104"),
        "T4 bs16": ("1569.184", "1465.5088"),
        "T4 bs32": ("1793.392", "1889.4176"),
    }
    # Its table from its logs; 64 and the like, of which it has none, stay as they are.
    result = regcore("compare", "--lint", GUIDE, "--format", "csv")
    assert result.exit_code == 5
    assert list(csv.reader(io.StringIO(result.stdout))) == [
        ["", "310", "310P", "T4", "310P/310", "310P/T4"],
        ["bs1", "1055.488", "624.486", "231.086", "0.59165618", "2.702397"],
        ["bs4", "2320.02", "2228.9", "736.148", "0.96072448", "3.0277879"],
        ["bs8", "2692.828", "3495.03", "1218.104", "1.29790317", "2.8692378"],
        ["bs16", "2858.056", "3907.39", "1465.5088", "1.36714956", "2.6662344"],
        ["bs32", "2732.352", "3655.45", "1889.4176", "1.3378401", "1.9346967"],
        ["bs64", "2487.792", "3108.82", "1918.7328", "1.24963019", "1.6202464"],
        ["best", "2858.056", "3907.39", "1918.7328", "1.36714956", "2.036443"],
    ]
    result = regcore("compare", "--lint", GUIDE)
    assert "263.872 x 4 = 1055.488" in result.stdout
    assert "11 of 42 figures are not what they say" in result.stderr
