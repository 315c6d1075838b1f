"""The schemas: sound, strict, of every JSON that the commands write, and reachable."""

from __future__ import annotations

import copy
import csv
import json
import os
import re
from collections.abc import Iterator
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner, Result
from exported_models import ExportedModels
from json_forms import check_form, form_of, parts, validator
from onnx_models import save_model
from oracles import jpeg, photo_like
from PIL import Image
from vendor_tools import install

from regcore.api.forms import FORMS
from regcore.cli import cli
from regcore.images.preprocessor import Preprocessor
from regcore.inference.score_journal import JOURNAL as RUN_JOURNAL
from regcore.inference.score_journal import ScoreJournal
from regcore.models.metadata import ModelMetadata
from regcore.recipes.recipe import Recipe
from regcore.schemas import json_form, load_schema, schema_names
from regcore.schemas.fields import as_dict
from regcore.schemas.generate import generate
from regcore.store.journal import JOURNAL, Journal
from regcore.store.ledger import LEDGER
from regcore.store.manifest import StoreSpec
from regcore.store.manifest_form import StoreLayout

jsonschema = pytest.importorskip("jsonschema")

#: Where others give the keys, which a schema must not know.
FREE = {
    ("device-model", "properties"), ("convert", "properties"), ("inspect", "weights"),
    ("trtexec", "settings"), ("recipe-diff", "fields"), ("identify", "fields"),
}  # fmt: skip
#: Schemas that no form is declared for.
HAND_WRITTEN = {
    "predictions": "rows of CSV, no JSON that regcore writes",
    "result": "the guide gives the form",
    "trace": "Chrome gives the form, and its events are written one by one",
}
#: test_demo.py looks at this one, which takes a minute.
ELSEWHERE = {"demo"}


def regcore(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Photos of three colours, one damaged, one turned and one none at all; labels; tools."""
    base = tmp_path_factory.mktemp("schemas")
    photos = base / "photos"
    photos.mkdir()
    for i in range(8):
        Image.new("RGB", (40, 40), ("red", "lime", "blue")[i % 3]).save(photos / f"{i}.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 40), "red").save(photos / "turned.jpg", exif=exif)
    whole = bytearray(jpeg(photo_like(64, 64)))
    whole[len(whole) // 2 : len(whole) // 2 + 8] = b"\x12\x34\x56\x78" * 2
    (photos / "damaged.jpg").write_bytes(whole)
    names = sorted(path.name for path in photos.iterdir())
    (base / "whole.txt").write_text("".join(f"{n} {i % 3}\n" for i, n in enumerate(names)))
    bad = base / "bad"
    bad.mkdir()
    for name in names:
        (bad / name).write_bytes((photos / name).read_bytes())
    (bad / "none.jpg").write_bytes(b"no photo")
    more = "none.jpg 1\nmissing.jpg 2\n"
    (base / "bad.txt").write_text((base / "whole.txt").read_text() + more)
    for tool in ("atc", "trtexec"):
        install(base / "bin", tool, f"{tool}_stand_in.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(base / "bin"), prepend=os.pathsep)
        yield base


Told = Iterator[tuple[str, str]]


@pytest.fixture(scope="module")
def outputs(folder: Path, exported_models: ExportedModels) -> dict[str, list[str]]:
    """JSON texts of the commands, by their forms."""
    found: dict[str, list[str]] = {}
    model = save_model(folder / "m.onnx")
    for form, text in chain(
        of_runs(folder, model),
        of_scores(folder, model),
        of_comparisons(folder, model),
        of_stores(folder),
        of_calibrations(folder, model),
        of_tensors(folder),
        of_certificates(folder),
        of_models(folder, model, exported_models),
    ):
        found.setdefault(form, []).append(text)
    return found


def of_runs(folder: Path, model: Path) -> Told:
    for photos, labels, name, code in (
        ("photos", "whole.txt", "result.json", 0),
        ("bad", "bad.txt", "result.incomplete.json", 3),
    ):
        out = folder / "runs" / photos
        options = ("--labels", folder / labels, "--out", out, "--trace", folder / "trace.json")
        options += ("--metric", "ece", "--json")
        yield "run", regcore("run", model, folder / photos, *options, code=code).stdout
        yield "run", (out / "run.json").read_text()
        yield "result", (out / name).read_text()
        yield "perf", (out / "perf.json").read_text()
        yield "trace", (folder / "trace.json").read_text()
        with (out / "predictions.csv").open(newline="") as file:
            yield from (("predictions", json.dumps(row)) for row in csv.DictReader(file))
        yield "predict", regcore("predict", model, folder / photos, "--json", code=code).stdout
    asked = ("run", model, folder / "photos", "--labels", folder / "whole.txt")
    asked += ("--out", folder / "runs" / "killed", "--json")
    with pytest.MonkeyPatch.context() as patch:  # as if it were killed before its results
        patch.setattr(ScoreJournal, "remove", lambda _: None)
        regcore(*asked)
    first, _, _ = (folder / "runs" / "killed" / RUN_JOURNAL).read_bytes().partition(b"\n")
    yield "run-journal", first.decode()
    yield "run", regcore(*asked).stdout


def of_scores(folder: Path, model: Path) -> Told:
    out = folder / "scores"
    yield "infer", regcore("infer", model, folder / "photos", out, "--json").stdout
    yield "inference", (out / "infer.json").read_text()
    yield "perf", (out / "perf.json").read_text()
    yield "infer", regcore("infer", model, "--random", folder / "noise", "--json").stdout
    for labels, name, written, code in (
        ("whole.txt", "result_bs16.json", "result_bs16.json", 0),
        ("bad.txt", "part.json", "part.incomplete.json", 3),
    ):
        scored = ("score", out / "dumpOutput_device0", folder / labels, folder / "scored", name)
        yield "score", regcore(*scored, "--metric", "ece", "--json", code=code).stdout
        yield "result", (folder / "scored" / written).read_text()
        asked = ("labels", out / "dumpOutput_device0", folder / labels, "--json")
        yield "labels", regcore(*asked, code=1).stdout


def of_comparisons(folder: Path, model: Path) -> Told:
    run, bad = folder / "runs" / "photos", folder / "runs" / "bad"
    scores = folder / "scores" / "dumpOutput_device0"
    against = ("--baseline-top1", 40, "--against", run, "--scores", scores, scores)
    asked = ("verdict", run, *against, "--max-drop", "1.5pt", "--json")
    yield "verdict", regcore(*asked, code=3).stdout
    yield "verdict", (run / "verdict.json").read_text()
    asked = ("verdict", bad, "--baseline-top1", "1%", "--max-drop", "1%", "--json")
    yield "verdict", regcore(*asked, code=3).stdout
    compared = (f"a={run}", f"b={bad}", "timm:regnety_016.pycls_in1k", "--ratio", "a/b")
    yield "comparison", regcore("compare", *compared, "--json", code=3).stdout
    guide = folder / "guide.md"
    guide.write_text("# X1\nbatch1 throughput: 300.25 fps\n\n| | X1 |\n|-|-|\n| bs1 | 300.5 |\n")
    yield "lint", regcore("compare", "--lint", guide, "--json", code=5).stdout
    profile = ("profile", model, folder / "photos", "--seconds", 0.02, "--batch", "1,2")
    yield "profile", regcore(*profile, "--verify", "--json").stdout


def of_stores(folder: Path) -> Told:
    plan = ("preprocess", folder / "photos", folder / "plan", "--dry-run", "--json")
    yield "plan", regcore(*plan).stdout
    for photos, code, form in (("photos", 0, ()), ("bad", 3, ("--pack", 4, "--pad"))):
        source, store = folder / photos, folder / "stores" / photos
        made = ("preprocess", source, store, *form, "--max-bad", 1, "--json")
        yield "preprocess", regcore(*made, code=code).stdout
        yield "store", (store / "manifest.json").read_text()
        yield from (("store-image", line) for line in (store / LEDGER).read_text().splitlines())
        (source / "0.png").write_bytes((source / "1.png").read_bytes())
        yield "verify", regcore("verify", store, "--json", code=5).stdout
    with Journal(folder) as journal:
        journal.begin(StoreSpec(Recipe(), StoreLayout(), "/photos"))
        yield "store-journal", (folder / JOURNAL).read_text()


def of_calibrations(folder: Path, model: Path) -> Told:
    for labels in ((), ("--labels", folder / "whole.txt")):
        out = folder / f"calibration{len(labels)}"
        asked = ("calibrate", model, folder / "photos", *labels, "--count", 3, "--out", out)
        yield "calibration", regcore(*asked, "--json").stdout
        yield "calibration", (out / "calibration.json").read_text()
    int8 = folder / "int8.onnx"
    asked = ("quantize", model, "--calibration", out, "--out", int8, "--search", 1)
    made = regcore(*asked, "--json").stdout
    yield "quantize", made
    yield "layers", regcore("layers", int8, out, "--against", model, "--json").stdout
    asked = ("run", int8, folder / "photos", "--labels", folder / "whole.txt")
    yield "run", regcore(*asked, "--out", folder / "runs" / "int8", "--json").stdout
    yield "onnx-quantization", json.dumps(json.loads(made)["quantization"])


def of_tensors(folder: Path) -> Told:
    photos, bins = folder / "identified", folder / "bins"
    photos.mkdir()
    bins.mkdir()
    (photos / "a.jpg").write_bytes(jpeg(photo_like(90, 120)))
    made = Preprocessor(Recipe(resize=64, crop=48))([photos / "a.jpg"])
    (bins / "a.bin").write_bytes(made.tobytes())
    yield "identify", regcore("identify", bins, photos, "--json").stdout
    asked = ("identify", bins / "a.bin", photos, "--expect", "regnety_016", "--json")
    yield "identify", regcore(*asked, code=5).stdout
    (folder / "noise.bin").write_bytes(np.random.default_rng(0).bytes(3 * 48 * 48))
    yield "identify", regcore("identify", folder / "noise.bin", photos, "--json", code=5).stdout
    yield "identify", regcore("identify", bins, photos, "--adopt", "--json").stdout


def of_certificates(folder: Path) -> Told:
    run, evidence = folder / "runs" / "photos", folder / "evidence.jsonl"
    asked = ("certify", run, "--reference", run, "--evidence", evidence, "--json")
    yield "certify", regcore(*asked).stdout
    head, canary, *images, verdict = evidence.read_text().splitlines()
    yield "evidence", head
    yield "evidence-canary", canary
    yield from (("evidence-image", line) for line in images)
    yield "evidence-verdict", verdict


def of_models(folder: Path, model: Path, exported: ExportedModels) -> Told:
    for name in ("fused", "regnety_016"):
        yield "export", exported.outcomes[name].stdout
        yield "inspect", regcore("inspect", exported.path(name), "--json").stdout
    yield "inspect", regcore("inspect", model, "--json").stdout
    om = folder / "m.om"
    made = ("convert", exported.path("lite0"), "--to", "om", "--soc", "Ascend310P3", "--out", om)
    yield "convert", regcore(*made, "--json").stdout
    yield "convert-command", regcore(*made, "--print", "--json").stdout
    yield "device-model", (folder / "m.om.json").read_text()
    yield "inspect", regcore("inspect", om, "--json").stdout
    measured = ("trtexec", model, "--batch", "1,4", "--logs", folder)
    yield "trtexec", regcore(*measured, "--json").stdout
    yield "onnx-recipe", ModelMetadata(Recipe()).to_properties()["regcore.recipe"]
    squash = "resize=20x31,filter=box,mean=0,0,0,std=1,1,1,divisor=1,fill=1,2,3"
    for spelling in ("regnety_016", squash):
        yield "recipe", regcore("recipe", "show", spelling, "--json").stdout
    yield "recipe-list", regcore("recipe", "list", "--json").stdout
    for other, code in (("regnety_016", 0), (squash, 5)):
        told = regcore("recipe", "diff", "regnety_016", other, "--json", code=code)
        yield "recipe-diff", told.stdout
    examined = ("doctor", "--only", "pillow,opencv,ascend,machine", "--require", "pillow")
    yield "doctor", regcore(*examined, "--json").stdout
    size = "resize=8,crop=8,filter=box,mean=0,0,0,std=1,1,1"
    yield "batchcheck", regcore("batchcheck", "simulated:99999", "--recipe", size, "--json").stdout


def test_every_form_is_written_and_fits(outputs: dict[str, list[str]]) -> None:
    assert set(outputs) | ELSEWHERE == set(schema_names())
    for form, texts in outputs.items():
        for text in texts:
            check_form(form, text)


def test_json_names_its_form_and_version(outputs: dict[str, list[str]]) -> None:
    bare = {"predictions", "onnx-recipe", "onnx-quantization", "store-image", "trace"}
    bare |= {"evidence-canary", "evidence-image", "evidence-verdict"}
    for form in outputs.keys() - bare:
        for text in outputs[form]:
            content = json.loads(text)
            assert form_of(content) == form
            if form not in {"result", "store", "store-journal"}:
                assert content["format"] == json_form(form)


def test_schemas_see_what_is_wrong(outputs: dict[str, list[str]]) -> None:
    """A key too many, a key too few, and a null or a text in place of a value are found."""
    for form, texts in outputs.items():
        content = json.loads(texts[0])
        for path, part in parts(content):
            free = any((form, key) in FREE for key in path)
            if isinstance(part, dict) and not free:
                assert not fits(form, content, path, lambda p: p.update(unheard_of=1)), path
            if isinstance(part, dict) and not free and not by_pattern(form, path):
                for key in part:
                    gone = fits(form, content, path, lambda p, key=key: p.pop(key))
                    assert not gone or optional(form, path, key), (form, path, key)
            places = part if isinstance(part, dict) else range(min(len(part), 2))
            for place in () if free else places:
                other = fits(form, content, path, lambda p, at=place: p.__setitem__(at, {"x": {}}))
                assert not other, (form, path, place)


def fits(form: str, content: Any, path: tuple[Any, ...], change: Any) -> bool:
    changed = copy.deepcopy(content)
    part = changed
    for key in path:
        part = part[key]
    change(part)
    return bool(validator(form).is_valid(changed))


def by_pattern(form: str, path: tuple[Any, ...]) -> bool:
    """Objects with a key for each rank, stage or worker, of which there may be fewer."""
    names = {
        "accuracy", "accuracy_interval", "accuracy_percent", "interval", "worker_seconds",
        "stage_seconds", "preprocess", "rows", "ms", "metrics", "ece",
    }  # fmt: skip
    return (bool(path) and path[-1] in names) or (form, len(path)) == ("trtexec", 4)


def optional(form: str, path: tuple[Any, ...], key: str) -> bool:
    """Keys that only some have: of a complete set, of one kind of model, of a trace's events."""
    some = {
        "run": {"result", "recipe_from", "run", "accuracy_percent", "interval", "metrics", "kept",
                "date", "command", "model_hash", "environment", "class_names",
                "calibration_images", "model_bytes", "quantization"},
        "perf": {"recipe_from", "run", "files", "sweep"},
        "quantize": {"search", "quantization"},
        "infer": {"recipe_from"},
        "profile": {"recipe_from"},
        "comparison": {"run", "against", "ports"},
        "score": {"hits", "accuracy", "confusion", "per_class", "metrics"},
        "verdict": {"scores", "run"},
        "evidence": {"chain"},
        "evidence-canary": {"chain"},
        "evidence-image": {"chain"},
        "evidence-verdict": {"chain"},
        "identify": {"expected", "adopted"},
        "inspect": {"opset", "producer", "weights", "device", "builder", "precision", "source",
                    "source_sha256", "refusal"},
        "trace": {"image", "batch", "images", "run"},
        "result": {"incomplete"},
        "store": {"recipe_chosen"},
        "store-journal": {"recipe_chosen"},
    }  # fmt: skip
    # Of recipes of Pillow's flavour, and of others; of quantisations by NNCF, and after a search.
    if key in ("pass_order", "flavour", "nncf", "searched"):
        return True
    return key in some.get(form, set()) and (not path or form == "trace")


@pytest.mark.parametrize("name", schema_names())
def test_schemas_are_sound_strict_and_documented(name: str) -> None:
    text = (files("regcore.schemas") / f"{name}.schema.json").read_text("utf-8")
    schema = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:regcore:{name}:{json_form(name)['version']}"
    assert schema["title"]
    assert schema["description"]
    for path, part in parts(schema):
        if not isinstance(part, dict) or "type" not in part or path[-1:] == ("properties",):
            continue
        kinds = part["type"] if isinstance(part["type"], list) else [part["type"]]
        if "object" in kinds:
            assert "additionalProperties" in part, path
        for key, value in part.get("properties", {}).items():
            told = {"description", "$ref", "const", "enum"} & value.keys()
            assert told or path[-2:] == ("items", "oneOf") or name in {"trace", "result"}, key


def test_schemas_are_those_of_the_declared_forms() -> None:
    """`python -m regcore.api.forms` writes them."""
    assert {form.name for form in FORMS} | HAND_WRITTEN.keys() == set(schema_names())
    for form in FORMS:
        assert load_schema(form.name) == generate(form), form.name


def test_forms_read_what_they_wrote(outputs: dict[str, list[str]]) -> None:
    for form in FORMS:
        for text in outputs.get(form.name, []):
            content = json.loads(text)
            read = msgspec.convert(content, form.content, str_keys=True)
            again = json.loads(msgspec.json.encode(as_dict(read)))
            assert again == content
            assert list(again) == list(content)


def test_commands_that_print_json_have_a_schema() -> None:
    titles = " ".join(str(load_schema(name)["title"]) for name in schema_names())
    for name, command in cli.commands.items():
        if any(parameter.name == "as_json" for parameter in command.params):
            assert f"regcore {name} --json" in titles or name == "compare", name


def test_schemas_are_reachable() -> None:
    listed = regcore("schema").stdout
    for name in schema_names():
        assert name in listed
        schema = json.loads(regcore("schema", name).stdout)
        assert schema == load_schema(name)
    assert re.search(r"comparison +2", listed)
    told = regcore("schema", "nonsense", code=2)
    assert "no schema 'nonsense'; there are batchcheck, calibration, certify" in told.stderr
    jsonschema.Draft202012Validator(json.loads(regcore("schema", "perf").stdout)).is_valid({})
