"""What a newcomer gets wrong: one line that names what is wrong, why, and what to do."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from command_line import regcore
from onnx_models import save_model
from PIL import Image

RUN = "run m.onnx photos --labels labels.txt"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("mistakes")
    for name in ("photos", "empty", "bad"):
        (base / name).mkdir()
    for i, colour in enumerate(("red", "lime", "blue")):
        Image.new("RGB", (40, 30), colour).save(base / "photos" / f"{i}.JPEG")
        (base / "bad" / f"{i}.JPEG").write_bytes(b"no photo")
    (base / "labels.txt").write_text("".join(f"{i}.JPEG {i}\n" for i in range(3)))
    (base / "two.txt").write_text("0.JPEG 0\n1.JPEG 1\n")
    (base / "others.txt").write_text("a.JPEG 0\n")
    (base / "large.txt").write_text("".join(f"{i}.JPEG {i + 400}\n" for i in range(3)))
    (base / "garbage.txt").write_text("hello world foo\n")
    save_model(base / "m.onnx")
    save_model(base / "silent.onnx", says_recipe=False)
    (base / "cut.onnx").write_bytes((base / "m.onnx").read_bytes()[:100])
    (base / "weights.pth").write_bytes(b"x" * 100)
    (base / "m.tflite").write_bytes(b"x")
    (base / "file").write_text("x")
    return base


MISTAKES = (
    ("rnu m.onnx photos", 2, "regcore has no command rnu; did you mean run?"),
    ("xyzzy", 2, "regcore has no command xyzzy; see 'regcore --help'"),
    ('"it\'s"', 2, "regcore has no command it's; see 'regcore --help'"),
    ("recipe shw x", 2, "regcore recipe has no command shw; did you mean show?"),
    (f"{RUN} --lables x", 2, "regcore run has no option --lables; did you mean --labels?"),
    (f"{RUN} --batch-size", 2, "--batch-size needs a value after it"),
    (f"{RUN} --batch-size 0", 2, "--batch-size: must be from 1 to 65536, not 0; 'regcore run"),
    (f"{RUN} --workers two", 2, "--workers: must be a whole number, not 'two'"),
    (f"{RUN} --metric f1", 2, "--metric: 'f1' is not one of 'topn', 'ece'"),
    (f"{RUN} --out file", 2, "--out: 'file' is a file, and must be a folder"),
    (f"{RUN} --out photos", 2, "photos: is the folder of the images; the results must go to an"),
    ("run", 2, "MODEL is missing: regcore run [OPTIONS] MODEL IMAGES"),
    ("run m.onnx", 2, "IMAGES is missing: regcore run [OPTIONS] MODEL IMAGES"),
    ("run m.onnx photos more", 2, "too many arguments, 'more' is one too many: regcore run"),
    ("run m.onnx nowhere", 2, "IMAGES: there is no file or folder 'nowhere'"),
    ("run photos m.onnx", 2, "MODEL comes first, then IMAGES"),
    ("run m.onnx photos", 2, "nothing says the labels: --labels FILE is needed"),
    ("run m.onnx photos --labels x", 2, "--labels: there is no file or folder 'x'"),
    ("run m.onnx photos --labels two.txt", 3, "1 of 3 images has no label: photos/2.JPEG; --subs"),
    ("run m.onnx photos --labels others.txt", 3, "the labels are of other images, or their fold"),
    ("run m.onnx photos --labels folders", 3, "none lies in a class folder of --labels folders"),
    ("run m.onnx photos --labels large.txt", 3, "large.txt: label 400 does not fit a model with 3"),
    ("run m.onnx photos --labels garbage.txt", 3, "garbage.txt, line 1: 'hello world foo': expec"),
    ("run m.onnx empty --labels labels.txt", 3, "empty: no images in this folder (looked for"),
    ("run m.onnx bad --labels labels.txt", 3, "bad/0.JPEG: not an image of a known format"),
    ("run silent.onnx photos --labels labels.txt", 2, "say it with --recipe RECIPE, or take a mo"),
    ("run nowhere.onnx photos --labels labels.txt", 4, "nowhere.onnx: no such model file"),
    ("run m.tflite photos --labels labels.txt", 4, "m.tflite: regcore cannot run such a model; M"),
    ("run weights.pth photos --labels labels.txt", 4, "it has weights only: 'regcore export NAME"),
    ("run cut.onnx photos --labels labels.txt", 4, "cut.onnx: not an ONNX model, or only a part"),
    (f"{RUN} --provider gpu", 4, "has no provider gpu here, only"),
    (f"{RUN} --provider gpu", 4, "the names are cpu, cuda, tensorrt, cann"),
    (f"{RUN} --recipe resnet", 2, "no recipe 'resnet'; there are"),
    (f"{RUN} --recipe resize=224", 2, "does not say crop, filter, mean, std"),
    (f"{RUN} --recipe no.json", 3, "no.json: No such file or directory"),
    (f"{RUN} --recipe ''", 2, "what follows --recipe is empty, as of a variable that is not set"),
    (f"{RUN} --out=", 2, "what follows --out is empty, as of a variable that is not set"),
    ("preprocess photos ''", 2, "an argument is empty, as of a variable that is not set"),
    ("inspect cut.onnx", 4, "cut.onnx: not an ONNX model, or only a part of one"),
    ("infer m.onnx photos out --rounds 3", 2, "--rounds is for --random: of images each is run o"),
    (f"{RUN} --precision float16", 4, "on CPUExecutionProvider, which computes float32 as such; l"),
    ("infer m.onnx photos", 2, "too few arguments: it is regcore infer MODEL IMAGES OUT"),
    ("infer m.onnx photos a b", 2, "too many arguments: it is regcore infer MODEL IMAGES OUT"),
    ("predict m.onnx missing.jpg", 3, "missing.jpg: cannot open: No such file or directory"),
    ("preprocess photos photos", 2, "OUT is the folder of SRC; the results need one of their own"),
    ("preprocess photos out --memory lots", 2, "--memory: 'lots' is not a size such as 512MiB"),
    ("preprocess photos out --workers 2000", 2, "--workers: must be from 1 to 1024, not 2000"),
    ("verify photos --workers 2000", 2, "--workers: must be from 1 to 1024, not 2000"),
    ("verify photos", 3, "photos: no manifest.json: not a store, or its making was interrupted"),
    ("score empty labels.txt . result.json", 3, "empty: no predictions there (looked for"),
    ("verdict empty --baseline-top1 77 --max-drop 1pt", 3, "empty/run.json: there is no such fil"),
    ("verdict . --baseline 77.8 --max-drop 1pt", 2, "--baseline-top1 an accuracy: 77.8"),
    ("compare", 2, "name at least one result, or --lint GUIDE.md"),
    ("report nowhere", 2, "RUN_DIR: there is no file or folder 'nowhere'"),
    ("convert m.onnx --to om", 2, "--to om needs --soc. The Ascend chip:"),
    ("completion powershell", 2, "SHELL: 'powershell' is not one of 'bash', 'zsh', 'fish'"),
    ("help nothing", 2, "regcore has no command nothing; see 'regcore --help'"),
)


@pytest.mark.parametrize(("line", "code", "said"), MISTAKES)
def test_a_mistake_is_explained(
    line: str, code: int, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    result = regcore(*shlex.split(line))
    assert result.exit_code == code, result.stderr
    assert said in result.stderr
    told = result.stderr.splitlines()
    assert all(one.startswith("regcore: ") for one in told), told
    assert "Traceback" not in result.stderr
    assert "Error" not in result.stderr


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"{RUN} --labels labels.txt", ["--labels is given twice"]),
        (f"{RUN} --batch-size 2 --batch-size=4 --batch-size 2", ["--batch-size is given 3 times"]),
        ("recipe embed a b -oc --output d", ["--output is given twice"]),
        ("verdict . --scores a b --scores c d --max-drop 1pt", ["--scores is given twice"]),
        ("run --labels a --labels b --help", []),
        (f"{RUN} --metric ece --metric ece --json --json --background --no-background", []),
        (f"{RUN} -- --labels --labels", []),
        (f"{RUN} --labels labels.txt --nonsense", []),
        ("verdict . --scores a b --scores c d --scores", []),
    ],
)
def test_what_is_given_twice_is_told(
    line: str, told: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    said = [one for one in regcore(*line.split()).stderr.splitlines() if " is given " in one]
    assert said == [f"regcore: {one}; only the last one counts" for one in told]


def test_the_last_one_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    result = regcore(*RUN.split(), "--labels", "two.txt")
    assert "1 of 3 images has no label" in result.stderr
