"""Sound files for every reader: small outputs of the product itself, and of other tools."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from unittest import mock

import numpy as np
from command_line import regcore
from onnx_models import save_model
from oracles import jpeg, photo_like
from trtexec_output import output, queries, times_file

from regcore import Recipe
from regcore.inference.score_journal import ScoreJournal
from regcore.models.build_record import BuildRecord, file_sha256, write_record
from regcore.models.metadata import ModelMetadata

SIDE = 8
RECIPE = Recipe(resize=SIDE, crop=SIDE)
BENCHMARK = (
    "[e2e] throughputRate: 185.966, latency: 268866\n"
    "[data read] throughputRate: 197.421, moduleLatency: 5.06532\n"
    "[preprocess] throughputRate: 196.443, moduleLatency: 5.09054\n"
    "[infer] throughputRate: 186.579, Interface throughputRate: 250.125, moduleLatency: 4.71\n"
    "[post] throughputRate: 16.0426, moduleLatency: 62.3341\n"
)
GUIDE = f"""# A port

### 1.1 X1 rates
batch1 of result/perf_vision_batchsize_1_device_0.txt:
```
{BENCHMARK}```
Interface throughputRate: 250.125, 250.125x2=500.25 is the card
batch 4 throughput: 300.25 fps

### 1.2 GPU rates
batch1
```
[I] Throughput: 50.5 qps
```
batch4 throughput: 20.5 * 4 = 82 qps

| | X1 | GPU | X1/GPU |
|---|---|---|---|
| bs1 | 500.25 | 50.5 | 9.90594059 |
| bs4 | 300.25 | 82 | 3.66158537 |
| best | 500.25 | 82 | 6.10060976 |

| model | Top1 | Top5 |
|---|---|---|
| regnety_016 | 77.85% | 93.72% |
"""
CONSOLE = (
    "[INFO] -----------------Performance Summary------------------\n"
    "[INFO] H2D_latency (ms): min = 1.7, max = 1.7, mean = 1.7, median = 1.7, "
    "percentile(99%) = 1.7\n"
    "[INFO] NPU_compute_time (ms): min = 21.8, max = 22.4, mean = 21.94, median = 21.92, "
    "percentile(99%) = 22.3\n"
    "[INFO] D2H_latency (ms): min = 0.1, max = 0.1, mean = 0.1, median = 0.1, "
    "percentile(99%) = 0.1\n"
    "[INFO] throughput 1000*batchsize(16)/NPU_compute_time.mean(21.94): 729.26\n"
)
SUMMARY = {
    "NPU_compute_time": {"min": 21.8, "max": 22.4, "mean": 21.94, "median": 21.92,
                         "percentile(99%)": 22.3},
    "H2D_latency": {"min": 1.7, "max": 1.7, "mean": 1.7, "median": 1.7, "percentile(99%)": 1.7},
    "D2H_latency": {"min": 0.1, "max": 0.1, "mean": 0.1, "median": 0.1, "percentile(99%)": 0.1},
    "throughput": 729.26,
    "filesinfo": {"0": {"infiles": ["a.bin"], "outfiles": ["a_0.bin"]}},
}  # fmt: skip
TABLE = (
    "model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation\n"
    "regnety_016.pycls_in1k,8,77.862,22.138,93.718,6.282,11.20,1.000,bicubic\n"
    "other.in1k,288,87.012,12.988,98.212,1.788,197.77,0.875,bicubic\n"
)
CHECKER = """
models:
  - name: resnet
    datasets:
      - name: imagenet
        reader: pillow_imread
        preprocessing:
          - {type: resize, size: 256, aspect_ratio_scale: greater, use_pillow: True}
          - {type: crop, size: 224, use_pillow: True}
          - {type: normalization, mean: [123.5, 116.0, 103.25], std: [58.5, 57, 57.5]}
"""
PIPELINE = """
data_preprocessor = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True)
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='ResizeEdge', scale=256, edge='short', backend='pillow', interpolation='bicubic'),
    dict(type='CenterCrop', crop_size=224),
    dict(type='PackInputs'),
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
"""
PADDLE = """
PreProcess:
  transform_ops:
    - ResizeImage: {resize_short: 256, interpolation: bicubic, backend: pil}
    - CropImage: {size: 224}
    - NormalizeImage: {scale: 1.0/255.0, mean: [0.4, 0.5, 0.6], std: 0.25, order: ''}
    - ToCHWImage:
"""


def make_seeds(root: Path) -> None:
    """Fills the folder `root`; what refers to the photos names them below it."""
    photos = root / "photos"
    photos.mkdir(parents=True)
    names = [f"{i}.jpg" for i in range(4)]
    for i, name in enumerate(names):
        (photos / name).write_bytes(jpeg(photo_like(20, 16, i)))
    labels = root / "labels.txt"
    labels.write_text("".join(f"{name} {i % 3}\n" for i, name in enumerate(names)))
    table = "".join(f'"{name}",{i % 3}\n' for i, name in enumerate(names))
    (root / "labels.csv").write_text(f"image,label\n{table}")
    for i, folder in enumerate(("ape", "cat", "dog")):
        (root / "folders" / folder).mkdir(parents=True)
        shutil.copy(photos / names[i], root / "folders" / folder)
    (root / "class_map.txt").write_text("dog\ncat\nape\n")
    (root / "list.txt").write_text("".join(f"{name}\n" for name in names))
    model = root / "m.onnx"
    _save(model)
    _make_records(root)
    _make_recipes(root)
    _do("preprocess", photos, root / "store", "--for", model, "--workers", 1)
    _do("preprocess", photos, root / "packs", "--for", model, "--pack", 2, "--workers", 1)
    _make_interrupted(root)
    _do("info", "bin", root / "store", root / "prep.info", SIDE, SIDE)
    run = root / "run"
    options = ("--labels", labels, "--batch-size", 2, "--workers", 1)
    _do("run", model, photos, *options, "--out", run, "--trace", run / "trace.json")
    _do("run", model, photos, *options, "--out", root / "before")
    with mock.patch.object(ScoreJournal, "remove"):  # as if it were killed before its results
        _do("run", model, photos, *options, "--out", root / "killed")
    _do("profile", model, photos, "--seconds", 0.02, "--batch", "1,2", "--workers", 1,
        "--out", run)  # fmt: skip
    _do("verdict", run, "--against", root / "before", "--max-drop", "1pt", code=(0, 3))
    _make_results(root)
    _do("compare", f"A={root / 'rates'}", "--out", run)
    _do("infer", model, photos, root / "infer", "--workers", 1, "--batch-size", 2)
    scores = root / "scores"
    shutil.copytree(root / "infer" / "dumpOutput_device0", scores)
    np.save(root / "scores.npy", np.eye(4, 3, dtype=np.float32))
    (root / "scores.names.txt").write_text("".join(f"{name}\n" for name in names))


def _make_recipes(root: Path) -> None:
    """A recipe in each form in which there are files of them."""
    _write(root / "own.json", json.dumps({"recipe": RECIPE.to_dict()}, indent=2))
    _write(root / "classes.json", json.dumps({"0": ["n01440764", "tench"], "1": "b", "2": "c"}))
    _write(root / "classes.txt", "0 tench, Tinca tinca\n1: goldfish\n2 shark\n")
    _write(
        root / "own.toml",
        'resize = 8\ncrop = 8\nfilter = "bicubic"\nmean = [0.5, 0.5, 0.5]\nstd = [1, 1, 1]\n',
    )
    processor = {
        "image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 224},
        "crop_size": 224, "do_center_crop": True, "resample": 3, "rescale_factor": 1 / 255,
        "image_mean": [0.48, 0.45, 0.4], "image_std": [0.27, 0.26, 0.27], "do_pad": None,
    }  # fmt: skip
    _write(root / "hf" / "preprocessor_config.json", json.dumps(processor, indent=2))
    config = {
        "input_size": [3, 224, 224], "crop_pct": 0.95, "crop_mode": "squash", "num_classes": 1000,
        "interpolation": "bicubic", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5],
    }  # fmt: skip
    architecture = {"architecture": "resnet50", "num_classes": 1000, "pretrained_cfg": config}
    _write(root / "timm" / "config.json", json.dumps(architecture, indent=2))
    _write(root / "checker.yml", CHECKER)
    _write(root / "pipeline.py", PIPELINE)
    _write(root / "paddle.yaml", PADDLE)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def _do(*arguments: object, code: tuple[int, ...] = (0,)) -> None:
    result = regcore(*arguments)
    assert result.exit_code in code, f"{arguments}: {result.output} {result.exception!r}"


def _save(path: Path) -> None:
    import onnx

    model = onnx.load(save_model(path, size=SIDE))
    pairs = ModelMetadata(RECIPE, "regnety_016.pycls_in1k", "pretrained").to_properties()
    onnx.helper.set_model_props(model, pairs)
    onnx.save(model, path)
    (path.parent / "recipe.json").write_text(pairs["regcore.recipe"])


def _make_records(root: Path) -> None:
    """A model of each device, of which only the record beside it counts here."""
    properties = ModelMetadata(RECIPE, "regnety_016.pycls_in1k").to_properties()
    for suffix in (".om", ".engine"):
        path = root / f"m{suffix}"
        path.write_bytes(b"IMOD, or an engine")
        record = BuildRecord(
            device="Ascend310",
            builder="atc 6.0",
            precision="float16",
            batches=(1,),
            input="image",
            dtype="float32",
            shape=(None, 3, SIDE, SIDE),
            source="m.onnx",
            source_sha256=file_sha256(root / "m.onnx"),
            sha256=file_sha256(path),
            command=("atc", "--framework=5"),
            properties=properties,
        )
        write_record(record, path)


def _make_interrupted(root: Path) -> None:
    """A store whose making was killed: a journal instead of the ledger and the manifest."""
    folder = root / "interrupted"
    shutil.copytree(root / "store", folder)
    # The journal's first line has what the manifest says of the store.
    first = json.dumps(json.loads((folder / "manifest.json").read_bytes())) + "\n"
    ledger = folder / "images.jsonl"
    (folder / "images.jsonl.part").write_text(first + ledger.read_text())
    ledger.unlink()
    (folder / "manifest.json").unlink()


def _make_results(root: Path) -> None:
    rates = root / "rates"
    rates.mkdir()
    (rates / "perf_vision_batchsize_16_device_0.txt").write_text(BENCHMARK)
    (root / "PureInfer_perf_of_m_bs16_in_device_0.txt").write_text(
        "ave_throughputRate = 1000.5samples/s, ave_latency = 1.4\n"
    )
    (root / "GUIDE.md").write_text(GUIDE)
    (root / "console_bs16.log").write_text(CONSOLE)
    (root / "sumary_bs16.json").write_text(json.dumps(SUMMARY))
    (root / "results.csv").write_text(TABLE)
    for name, version in (("new_bs16.log", (8, 6, 1)), ("old_bs16.log", (7, 1, 3))):
        (root / name).write_text("\n".join(_trtexec(version)) + "\n")
    (root / "times_bs16.json").write_text(times_file(queries((10, 1, 0), 20)))


def _trtexec(version: tuple[int, ...]) -> list[str]:
    words = f"TensorRT.trtexec [TensorRT v{''.join(f'{n}' for n in version)}] # trtexec"
    command = f"{words} --onnx=m.onnx --shapes=image:16x3x8x8"
    lines = output(version, (16, 3, SIDE, SIDE))
    return [f"&&&& RUNNING {command}", *lines, f"&&&& PASSED {command}"]
