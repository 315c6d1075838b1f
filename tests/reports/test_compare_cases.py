"""Logs and tables of others in which witnesses contradict, or that are of an unusual form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import regcore

from regcore.errors import DatasetError, UsageError
from regcore.formats.timm_results import find_baseline
from regcore.reports.comparison.rendering import to_csv

CASES = Path(__file__).parents[1] / "cases"
TRTEXEC = CASES / "trtexec"


def rates(*arguments: object) -> dict[int, float]:
    found = regcore("compare", *arguments, "--json")
    assert found.exit_code == 0, found.output
    (column,) = json.loads(found.stdout)["columns"]
    return {cell["batch"]: cell["images_per_s"] for cell in column["cells"]}


def refusal(*arguments: object, code: int = 3) -> str:
    found = regcore("compare", *arguments)
    assert found.exit_code == code, found.output
    assert found.stdout == ""
    assert found.stderr.count("\n") == 1, found.stderr
    assert "internal error" not in found.stderr
    return str(found.stderr)


@pytest.mark.parametrize(
    ("name", "batch", "rate"),
    [
        ("ais_trtexec_prefixed_bs10.log", 10, 409.97),
        ("mnist_bs16.log", 16, 41087.7),
        ("mnist_withbatch.log", 16, 41087.7),
        ("caffe_nobatchline_bs4.log", 4, 20.0093),
        ("caffe_with_batchline.log", 4, 20.0093),
        ("old_summary_alone_bs4.log", 4, 20.0093),
        ("opt_and_shapes.log", 1, 40.997),
        ("ais_console_bs16.log", 16, 729.26),
    ],
)
def test_logs_of_every_kind(name: str, batch: int, rate: float) -> None:
    assert rates(f"X={TRTEXEC / name}") == {batch: rate}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mnist_8400.log", "neither the log nor its name"),
        ("t4_8205_bs1.log", ":20: the batch is 10 here, not 1, as the file's name says"),
        ("t4_dynamic_bs16.log", ":19: the batch is 1 here, not 16, as the file's name says"),
        ("t4_trt7_dynamic_bs16.log", ":19: the batch is 1 here, not 16, as the file's name says"),
        ("neg_summary.json", "'-1000.0' is negative"),
        ("PureInfer_perf_of_m_bs16_in_device_0.txt", ":1: '1e800000000' is no number"),
    ],
)
def test_logs_without_one_answer(name: str, words: str) -> None:
    assert words in refusal(f"X={TRTEXEC / name}")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
@pytest.mark.parametrize("prefix", ["", "[INFO] ", "2026-11-26T17:00:01.123456Z ", "app-1  | ",
                                    "2026-11-26 17:00:01,123 INFO root: ", "> "])  # fmt: skip
def test_something_stands_in_front_of_every_line(
    tmp_path: Path, prefix: str, encoding: str
) -> None:
    for name in ("ais_trtexec_prefixed_bs10.log", "old_summary_alone_bs4.log"):
        text = (TRTEXEC / name).read_text()
        path = tmp_path / name
        path.write_text("".join(f"{prefix}{line}\n" for line in text.splitlines()), encoding)
        assert rates(f"X={path}") == rates(f"X={TRTEXEC / name}")


@pytest.mark.parametrize(
    ("case", "name", "old", "new", "words"),
    [
        ("mnist_withbatch.log", "m_bs8.log", "", "", "the batch is 16 here, not 8"),
        ("mnist_bs16.log", "m_bs8.log", "", "", "the batch is 16 here, not 8"),
        ("mnist_withbatch.log", "m.log", "--batch=16", "--batch=8", "8 here, but 16 in line 1"),
        ("opt_and_shapes.log", "m_bs16.log", "", "", "the batch is 1 here, not 16"),
        ("mnist_bs16.log", "m_bs16.log", "--batch=16", "--shapes=x:16x1x28x28",
         "are 16 at a time, which is more than the device can do"),
        ("t4_8205_bs1.log", "m_bs10.log", "126 queries", "1260 queries",
         "1260 queries in 3.0734 s are not the 40.997 queries/s of line"),
        ("t4_8205_bs1.log", "m_bs10.log", "[I] Starting inference",
         "[I] Average on 10 runs - GPU latency: 2.3 ms - Host", "a mean of 2.3 ms is not between"),
        ("ais_console_bs16.log", "m_bs8.log", "", "", "the batch is 16 here, but the file's name"),
        ("ais_console_bs16.log", "m.log", "batchsize(16)", "batchsize(1)", "is not 729.25"),
        ("ais_console_bs16.log", "m.log", "mean = 21.94", "mean = 2.194", "but of 2.194"),
        ("ais_console_bs16.log", "m_bs8_batch16.log", "", "", "tells two batch sizes, 8 and 16"),
        ("perf_vision_batchsize_16_device_0.txt", "perf_vision_batchsize_4_device_0.txt",
         "4.4509", "4.4496", "are batches of 16, but the file's name says 4"),
        ("perf_vision_batchsize_16_device_0.txt", "perf_vision_batchsize_16_device_0.txt",
         "[e2e]", "[infer] throughputRate: 7, Interface throughputRate: 9\n[e2e]",
         "143.496 here, but 9 in line 1"),
    ],
)  # fmt: skip
def test_contradictions_are_named(
    tmp_path: Path, case: str, name: str, old: str, new: str, words: str
) -> None:
    text = (TRTEXEC / case).read_text()
    assert old in text
    path = tmp_path / name
    path.write_text(text.replace(old, new) if old else text)
    assert words in refusal(f"X={path}")


def test_a_model_of_another_batch_than_the_throughput(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    content = {"NPU_compute_time": {"mean": 10.0}, "throughput": 100.0,
               "args": {"model": "/models/net_bs16.om"}}  # fmt: skip
    path.write_text(json.dumps(content))
    assert "a batch of 1, but the model's name, /models/net_bs16.om, says 16" in refusal(path)


def test_stages_by_other_names() -> None:
    path = TRTEXEC / "perf_vision_batchsize_16_device_0.txt"
    assert rates(f"X={path}", "--metric", "post") == {16: 71.2144}
    assert rates(f"X={path}", "--metric", "infer") == {16: 71.1929}


def test_a_table_of_2021() -> None:
    assert find_baseline(None, TRTEXEC / "cropt_pct_2021.csv").top1 == 77.862


def test_two_sizes_of_one_tag(tmp_path: Path) -> None:
    table, tag = TRTEXEC / "two_sizes_results-imagenet.csv", "convnext_large.fb_in22k_ft_in1k"
    words = refusal(f"{table}:{tag}", code=2)
    assert "288 pixels in line 3, 224 pixels in line 4" in words
    assert find_baseline(tag, table, 224).top1 == 86.612
    assert find_baseline(f"{tag}@288", table).top1 == 87.012
    with pytest.raises(UsageError, match="no row of 999 pixels"):
        find_baseline(f"{tag}@999", table)
    twice = tmp_path / "twice.csv"
    lines = table.read_text().splitlines()
    twice.write_text("\n".join([*lines[:3], lines[2].replace("87.012,12.988", "88,12"), ""]))
    with pytest.raises(DatasetError, match=r"twice.csv:4: .* is in line 3, too"):
        find_baseline(tag, twice)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("77.862", "nan", ":2: top1: 'nan' is no number"),
        ("77.862", "-1", ":2: top1: '-1' is negative"),
        ("77.862", "95", ":2: top1 is 95, but top1_err 22.138"),
        ("77.862,22.138,93.720,6.280", "0.77,99.23,0.93,99.07", "no percentages of one evaluation"),
        ("224", "1e9", ":2: img_size: '1e9' is no count"),
        ("0.875", "0", ":2: crop_pct: '0' is no part of a side"),
        (",bicubic", "", ":2: not a table as timm's: no interpolation"),
        ("top5,", "top_5,", ":1: not a table as timm's: it has no column top5"),
    ],
)
def test_tables_with_wrong_cells(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = (TRTEXEC / "cropt_pct_2021.csv").read_text()
    path = tmp_path / "t.csv"
    path.write_text(text.replace(old, new))
    assert words in refusal(path)


@pytest.mark.parametrize("path", sorted((CASES / "compare").iterdir()), ids=lambda path: path.name)
def test_mutated_files_end_in_one_line(path: Path) -> None:
    asked = ("--lint", path) if path.suffix == ".md" else (path,)
    found = regcore("compare", *asked)
    assert found.exit_code in {3, 5}
    assert "internal error" not in found.stderr


def test_an_output_takes_no_others_place(tmp_path: Path) -> None:
    log = TRTEXEC / "mnist_bs16.log"
    out = tmp_path / "run"
    out.mkdir()
    (out / "comparison.json").write_text('{"mine": 1}')
    assert "was not written by this command" in refusal(log, "--out", out, code=2)
    assert (out / "comparison.json").read_text() == '{"mine": 1}'
    assert regcore("compare", log, "--out", out, "--force").exit_code == 0
    assert regcore("compare", log, "--out", out).exit_code == 0
    source = out / "comparison.json"
    words = refusal(f"X={source}", "--out", out, "--force", code=2)
    assert "would be written over the input" in words


def test_names_are_no_formulas_and_no_markup(tmp_path: Path) -> None:
    path = tmp_path / "a_bs16.log"
    path.write_text((TRTEXEC / "mnist_bs16.log").read_text())
    found = regcore("compare", f"+1+2={path}", f"@x={path}", "--format", "csv")
    assert found.stdout.splitlines()[0] == ",'+1+2,'@x"
    assert to_csv([["=1+2", "-1.5", "-x", "\t=1", "+3", "a-b"]]) == "'=1+2,-1.5,'-x,'\t=1,+3,a-b"
    for form in ("table", "markdown", "csv"):
        found = regcore("compare", f"[/x]\x1b[31m={path}", "--format", form)
        assert found.exit_code == 0, found.output
        assert "\x1b" not in found.output
        assert "[/x]" in found.stdout


def test_a_fifo_and_another_encoding_are_named(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "fifo_bs16.log")
    assert "is a FIFO" in refusal(tmp_path / "fifo_bs16.log")
    for options, name in (((), "m_bs16.log"), (("--lint",), "m.md")):
        path = tmp_path / name
        path.write_bytes("\n性能 trtexec".encode("gbk"))
        assert ", line 2: not UTF-8 text (perhaps GBK" in refusal(*options, path)
