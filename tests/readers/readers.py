"""Every reader of files, as the commands call it: what is damaged, and who reads it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reader:
    """Commands that read `file`, a path in the folder of seeds, after it was damaged.

    uses: what they need besides, copied anew for each mutation, as commands change it. commands:
    as lists of arguments, in the folder of the copies; `@` is the folder of the seeds themselves.
    share: of the mutations, as a weight; slow ones get fewer. names_images: whether the file is a
    list of images, so that an error names what it should by naming one of them.
    """

    name: str
    file: str
    commands: tuple[tuple[str, ...], ...]
    uses: tuple[str, ...] = ()
    share: int = 24
    names_images: bool = False


def _words(*commands: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(command.split()) for command in commands)


_PREPROCESS = "preprocess @/photos {} --for @/m.om --workers 1"
_COMPARE = "compare A={} --json"
_REPORT = "report run -o report.html"
_SCORE = "score {} labels.txt . result.json --workers 1"
_TABLE = "score @/scores labels.csv . result.json --workers 1"
_FOLDERS = "run @/m.onnx @/folders --labels {} --out out --workers 1"
_RUN = "run @/m.onnx @/photos --labels {} --out out --workers 1"
_PREDICT = "predict @/m.onnx @/photos --class-names {} --workers 1"
_INFER = "infer @/m.onnx {} infer --workers 1 --batch-size 2"
_VERDICT = "verdict run --against @/before --max-drop 1pt"

READERS = (
    Reader("manifest", "store/manifest.json", _words("open_store store", "verify store")),
    Reader("manifest of packs", "packs/manifest.json", _words("open_store packs", "verify packs")),
    Reader("manifest, again", "store/manifest.json", _words(_PREPROCESS.format("store")), share=12),
    Reader("ledger", "store/images.jsonl", _words("open_store store", "verify store")),
    Reader("ledger of packs", "packs/images.jsonl", _words("open_store packs", "verify packs")),
    Reader("ledger, again", "store/images.jsonl", _words(_PREPROCESS.format("store")), share=12),
    Reader(
        "journal",
        "interrupted/images.jsonl.part",
        _words(_PREPROCESS.format("interrupted")),
        share=12,
    ),
    Reader(
        "journal of a run",
        "killed/run.scores.part",
        _words(
            "run @/m.onnx @/photos --labels @/labels.txt --out killed --workers 1 --batch-size 2"
        ),
        share=12,
    ),
    Reader("ledger of an input", "packs/images.jsonl", _words(_INFER.format("packs")), share=12),
    Reader("manifest of an input", "packs/manifest.json", _words(_INFER.format("packs")), share=12),
    Reader("info file", "prep.info", _words("infer @/m.onnx prep.info out --workers 1"), share=12),
    Reader("job", "infer/infer.json", _words(_INFER.format("@/photos")), share=12),
    Reader("sources", "infer/infer.sources.npy", _words(_INFER.format("@/photos")), share=12),
    Reader("labels of run", "labels.txt", _words(_RUN.format("labels.txt")), share=12),
    Reader("labels of score", "labels.txt", _words(_SCORE.format("@/scores"))),
    Reader("table of labels", "labels.csv", _words(_TABLE), share=12),
    Reader("class map", "class_map.txt", _words(_FOLDERS.format("class_map.txt")), share=6),
    Reader("names in JSON", "classes.json", _words(_PREDICT.format("classes.json")), share=12),
    Reader("names in lines", "classes.txt", _words(_PREDICT.format("classes.txt")), share=12),
    Reader(
        "list",
        "list.txt",
        _words("preprocess @/photos out --list list.txt --for @/m.om --workers 1"),
        share=12,
        names_images=True,
    ),
    Reader("score text", "scores/1_1.txt", _words(_SCORE.format("scores")), ("labels.txt",)),
    Reader(
        "scores in .npy",
        "scores.npy",
        _words(_SCORE.format("scores.npy")),
        ("labels.txt", "scores.names.txt"),
    ),
    Reader(
        "names",
        "scores.names.txt",
        _words(_SCORE.format("scores.npy")),
        ("labels.txt", "scores.npy"),
    ),
    Reader("run", "run/run.json", _words(_VERDICT)),
    Reader("run before", "before/run.json", _words("verdict @/run --against before --max-drop 1%")),
    Reader("run, as reported", "run/run.json", _words(_REPORT), share=2),
    Reader("predictions", "run/predictions.csv", _words(_VERDICT)),
    Reader("predictions, as reported", "run/predictions.csv", _words(_REPORT), share=2),
    Reader("rates", "run/perf.json", _words(_COMPARE.format("run/perf.json"))),
    Reader("rates, as reported", "run/perf.json", _words(_REPORT), share=2),
    Reader("trace", "run/trace.json", _words(_REPORT), share=2),
    Reader("profile", "run/profile.json", _words(_REPORT), share=2),
    Reader("comparison", "run/comparison.json", _words(_REPORT), share=2),
    Reader("verdict", "run/verdict.json", _words(_REPORT), share=2),
    Reader("result", "run/result.json", _words(_COMPARE.format("run/result.json"))),
    Reader(
        "result, judged",
        "before/result.json",
        _words("verdict before/result.json --baseline-top1 77.862 --max-drop 1pt"),
        share=12,
    ),
    Reader("record of .om", "m.om.json", _words("inspect m.om"), ("m.om",)),
    Reader("record of .engine", "m.engine.json", _words("inspect m.engine"), ("m.engine",)),
    Reader(
        "recipe in a record",
        "m.om.json",
        _words("preprocess @/photos out --for m.om --workers 1"),
        ("m.om",),
        share=12,
    ),
    Reader(
        "recipe in a model",
        "recipe.json",
        _words("put_recipe recipe.json", "inspect m.onnx"),
        ("m.onnx",),
        share=12,
    ),
    Reader("recipe file", "own.json", _words("recipe show own.json"), share=12),
    Reader("recipe in TOML", "own.toml", _words("recipe show own.toml"), share=12),
    Reader(
        "Hugging Face",
        "hf/preprocessor_config.json",
        _words("recipe show hf:hf"),
        share=12,
    ),
    Reader("timm", "timm/config.json", _words("recipe show timm:timm/config.json"), share=12),
    Reader("accuracy_checker", "checker.yml", _words("recipe show openvino:checker.yml"), share=12),
    Reader("MMPretrain", "pipeline.py", _words("recipe show mmpretrain:pipeline.py"), share=12),
    Reader("PaddleClas", "paddle.yaml", _words("recipe show paddleclas:paddle.yaml"), share=12),
    Reader("trtexec log", "new_bs16.log", _words(_COMPARE.format("new_bs16.log"))),
    Reader("trtexec times", "times_bs16.json", _words(_COMPARE.format("times_bs16.json"))),
    Reader("old trtexec log", "old_bs16.log", _words(_COMPARE.format("old_bs16.log"))),
    Reader("ais_bench console", "console_bs16.log", _words(_COMPARE.format("console_bs16.log"))),
    Reader("ais_bench summary", "sumary_bs16.json", _words(_COMPARE.format("sumary_bs16.json"))),
    Reader(
        "benchmark tool",
        "rates/perf_vision_batchsize_16_device_0.txt",
        _words(_COMPARE.format("rates"), "compare A=rates --metric end-to-end --json"),
    ),
    Reader(
        "PureInfer",
        "PureInfer_perf_of_m_bs16_in_device_0.txt",
        _words(_COMPARE.format("PureInfer_perf_of_m_bs16_in_device_0.txt")),
    ),
    Reader("guide", "GUIDE.md", _words("compare --lint GUIDE.md --json")),
    Reader(
        "timm's table",
        "results.csv",
        _words(_COMPARE.format("results.csv:regnety_016.pycls_in1k")),
    ),
    Reader(
        "table of a verdict",
        "results.csv",
        _words(
            "verdict @/run --baseline regnety_016.pycls_in1k --table results.csv --max-drop 1pt"
        ),
        share=12,
    ),
)
