"""An empty text for a path is refused by every function, as by the commands: it is no folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from onnx_models import save_model
from oracles import jpeg, photo_like

import regcore
from regcore import Preprocessor, Recipe, UsageError
from regcore.api.certify import check_evidence
from regcore.api.convert_engine import convert_to_engine
from regcore.api.export import export_weights
from regcore.api.recipe import embed_recipe, find_recipe
from regcore.api.trtexec import measure_trtexec
from regcore.api.verify import verify_images

NAMED: Any = {"recipe": "regnety_016"}
MODEL = "simulated:99"
STORE = Preprocessor(Recipe.preset("regnety_016"))

CALLS: dict[str, Callable[[], Any]] = {
    "evaluate out": lambda: regcore.evaluate_model(MODEL, "photos", "labels.txt", out="", **NAMED),
    "evaluate trace": lambda: regcore.evaluate_model(
        MODEL, "photos", "labels.txt", out="run", trace="", **NAMED
    ),
    "evaluate images": lambda: regcore.evaluate_model(MODEL, "", "labels.txt", out="run", **NAMED),
    "evaluate labels": lambda: regcore.evaluate_model(MODEL, "photos", "", out="run", **NAMED),
    "infer": lambda: regcore.infer_images(MODEL, "photos", "", **NAMED),
    "infer images": lambda: regcore.infer_images(MODEL, "", "scores", **NAMED),
    "predict": lambda: regcore.predict_photos(MODEL, [""], **NAMED),
    "preprocess": lambda: regcore.preprocess_images("photos", "", **NAMED),
    "preprocess source": lambda: regcore.preprocess_images("", "store", **NAMED),
    "write_store": lambda: regcore.write_store(STORE, "photos", ["0.jpg"], ""),
    "open_store": lambda: regcore.open_store(""),
    "verify": lambda: verify_images(""),
    "profile": lambda: regcore.profile_model(MODEL, "photos", out="", **NAMED),
    "report": lambda: regcore.write_report(""),
    "report out": lambda: regcore.write_report("photos", ""),
    "judge": lambda: regcore.judge_run("", baseline_top1=70, max_drop="1pt"),
    "compare": lambda: regcore.compare_rates(["a=photos"], out=""),
    "compare results": lambda: regcore.compare_rates([""]),
    "compare a named result": lambda: regcore.compare_rates(["a="]),
    "identify images": lambda: regcore.identify_tensor("labels.txt", ""),
    "write_store of": lambda: regcore.write_store(STORE, "", ["0.jpg"], "store"),
    "for_model": lambda: regcore.preprocess_images("photos", "store", for_model=""),
    "score": lambda: regcore.score_predictions("photos", "labels.txt", "", "x.json"),
    "certify": lambda: regcore.certify_runs("photos", "photos", evidence="", margin="1pt"),
    "certify reference": lambda: regcore.certify_model(
        MODEL, "photos", reference="", evidence="e.jsonl", margin="1pt", **NAMED
    ),
    "evidence": lambda: check_evidence(""),
    "predictions": lambda: regcore.export_predictions("photos", ""),
    "predictions of": lambda: regcore.tabulate_predictions(""),
    "doctor": lambda: regcore.run_doctor(only=["machine"], folder=""),
    "identify": lambda: regcore.identify_tensor("", "photos"),
    "identify out": lambda: regcore.identify_tensor("labels.txt", "photos", out=""),
    "calibrate": lambda: regcore.calibrate_model("labels.txt", "photos", ""),
    "calibration": lambda: regcore.open_calibration(""),
    "quantize": lambda: regcore.quantize_model("labels.txt", "photos", ""),
    "layers": lambda: regcore.compare_layers("m.onnx", "photos", against="m.onnx", out=""),
    "labels": lambda: regcore.examine_labels("", "labels.txt"),
    "export": lambda: export_weights("resnet18", None, ""),
    "embed": lambda: embed_recipe("regnety_016", "labels.txt", ""),
    "recipe": lambda: find_recipe(""),
    "engine": lambda: convert_to_engine("m.onnx", out=""),
    "trtexec": lambda: measure_trtexec("m.onnx", logs=""),
}


@pytest.mark.parametrize("name", CALLS)
def test_an_empty_path_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "0.jpg").write_bytes(jpeg(photo_like(40, 30)))
    (tmp_path / "labels.txt").write_text("0.jpg 1\n")
    save_model(tmp_path / "m.onnx")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match=r" is empty, as of a variable that is not set$"):
        CALLS[name]()
    assert sorted(tmp_path.rglob("*")) == before
