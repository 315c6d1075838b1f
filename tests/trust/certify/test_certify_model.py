"""regcore certify on models that run: in the order of the seed, until the verdict is certain."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from command_line import regcore
from labelled_photos import imagenet_200, sample
from onnx_models import COLOURS, save_model
from PIL import Image

from regcore import (
    BackendError,
    DatasetError,
    MismatchError,
    Recipe,
    UsageError,
    certify_model,
    certify_runs,
    check_evidence,
    evaluate_model,
    preprocess_images,
)
from regcore.evaluation.verdict import Outcome
from regcore.trust.certify.order import draw_key

IMAGES = 400
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Set:
    """Photos of one colour each, a model that knows all but some of them, and its run."""

    folder: Path

    @property
    def photos(self) -> Path:
        return self.folder / "photos"

    @property
    def labels(self) -> Path:
        return self.folder / "labels.txt"

    @property
    def model(self) -> Path:
        return self.folder / "model.onnx"

    @property
    def run(self) -> Path:
        return self.folder / "run"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Set:
    made = Set(tmp_path_factory.mktemp("certify"))
    made.photos.mkdir()
    random = np.random.default_rng(0)
    lines = []
    for place in range(IMAGES):
        label = int(random.integers(3))
        colour = [int(value) for value in random.integers(0, 200, 3)]
        colour[label] = 250 if place % 10 else 100
        Image.new("RGB", (8, 8), tuple(colour)).save(made.photos / f"{place:03}.png")
        lines.append(f"{place:03}.png {label}\n")
    made.labels.write_text("".join(lines))
    save_model(made.model)
    evaluate_model(made.model, made.photos, made.labels, out=made.run)
    return made


def test_a_run_that_lacks_labelled_images_is_no_whole_port(made: Set, tmp_path: Path) -> None:
    photos, run = tmp_path / "photos", tmp_path / "run"
    photos.mkdir()
    for place in range(1, IMAGES):
        (photos / f"{place:03}.png").hardlink_to(made.photos / f"{place:03}.png")
    evaluate_model(made.model, photos, made.labels, out=run)
    with pytest.raises(DatasetError, match=r"run: 1 labelled image was not evaluated"):
        certify_runs(run, made.run, evidence=tmp_path / "e.jsonl")
    assert not (tmp_path / "e.jsonl").exists()
    evaluate_model(made.model, photos, made.labels, out=run, subset=True)
    assert certify_runs(run, made.run, evidence=tmp_path / "e.jsonl").outcome is Outcome.PASS


def test_a_model_is_its_own_port(made: Set, tmp_path: Path) -> None:
    said: list[str] = []
    found = certify_model(
        made.model,
        made.photos,
        made.run,
        labels=made.labels,
        evidence=tmp_path / "e.jsonl",
        margin="5pt",
        log=said.append,
    )
    assert found.outcome is Outcome.PASS
    drawn = found.certificate.finding.drawn
    assert drawn < IMAGES / 2
    assert any("lost, 0 won" in line for line in said)
    head, _, *lines = map(json.loads, (tmp_path / "e.jsonl").read_text().splitlines())
    names = [line["image"] for line in lines[:-1]]
    expected = sorted(
        (f"{p:03}.png" for p in range(IMAGES)), key=lambda n: draw_key(head["seed"], n)
    )
    assert names == expected[:drawn]
    assert all(line["reference"] == line["port"] for line in lines[:-1])
    # The runs that were made before give the same verdict at the same image.
    offline = certify_runs(
        made.run, made.run, evidence=tmp_path / "o.jsonl", margin="5pt", seed=head["seed"]
    )
    assert offline.certificate.finding == found.certificate.finding
    assert offline.certificate.canary == found.certificate.canary


def test_swapped_colours_fail_by_a_few_images(made: Set, tmp_path: Path) -> None:
    save_model(tmp_path / "bgr.onnx", weights=COLOURS[::-1])
    found = certify_model(
        tmp_path / "bgr.onnx",
        made.photos,
        made.run,
        labels=made.labels,
        evidence=tmp_path / "e.jsonl",
        batch_size=4,
    )
    assert found.outcome is Outcome.FAIL
    assert found.certificate.finding.drawn < 60


def test_both_models_can_run(made: Set, tmp_path: Path) -> None:
    save_model(tmp_path / "bgr.onnx", weights=COLOURS[::-1])
    options = {"labels": made.labels, "margin": 5.0}
    same = certify_model(
        made.model, made.photos, made.model, evidence=tmp_path / "a.jsonl", **options
    )
    assert same.outcome is Outcome.PASS
    assert same.certificate.canary is None
    other = certify_model(
        tmp_path / "bgr.onnx", made.photos, made.model, evidence=tmp_path / "b.jsonl", **options
    )
    assert other.outcome is Outcome.FAIL
    with pytest.raises(UsageError, match="is a part of the reference's accuracy"):
        certify_model(
            made.model,
            made.photos,
            made.model,
            labels=made.labels,
            evidence=tmp_path / "c.jsonl",
            margin="1%",
        )


def test_a_reference_with_several_outputs(made: Set, tmp_path: Path) -> None:
    reference = save_model(tmp_path / "two.onnx", extra_output=True)
    options = {"labels": made.labels, "margin": 5.0, "evidence": tmp_path / "a.jsonl"}
    with pytest.raises(BackendError, match=r"two.onnx: more than one .* by --reference-output:"):
        certify_model(made.model, made.photos, reference, **options)
    named = reference.rename(tmp_path / "made by --output.onnx")
    with pytest.raises(BackendError, match=r"made by --output\.onnx: .* by --reference-output:"):
        certify_model(made.model, made.photos, named, **options)
    named.rename(reference)
    found = certify_model(
        made.model, made.photos, reference, reference_output="class", output="class", **options
    )
    assert found.outcome is Outcome.PASS


def test_a_store_is_drawn_in_the_same_order(made: Set, tmp_path: Path) -> None:
    preprocess_images(made.photos, tmp_path / "store", recipe="regnety_016")
    options = {"labels": made.labels, "margin": 5.0, "seed": 3}
    stored = certify_model(
        made.model, tmp_path / "store", made.run, evidence=tmp_path / "s.jsonl", **options
    )
    photos = certify_model(
        made.model, made.photos, made.run, evidence=tmp_path / "p.jsonl", **options
    )
    assert stored.certificate.finding == photos.certificate.finding
    lines = [(tmp_path / name).read_bytes().splitlines() for name in ("s.jsonl", "p.jsonl")]
    assert json.loads(lines[0][5])["image"] == json.loads(lines[1][5])["image"]


def stopping_after(images: int) -> Callable[[int], object]:
    @contextmanager
    def progress(_: int) -> Iterator[Callable[[int, int], None]]:
        def advance(done: int, __: int) -> None:
            if done >= images:
                raise KeyboardInterrupt

        yield advance

    return progress


def test_stopped_by_hand_it_has_no_verdict_and_goes_on(made: Set, tmp_path: Path) -> None:
    options = {"labels": made.labels, "margin": 0.5, "evidence": tmp_path / "e.jsonl"}
    stopped = certify_model(
        made.model,
        made.photos,
        made.run,
        batch_size=1,
        progress=stopping_after(150),  # type: ignore[arg-type]
        **options,
    )
    assert stopped.interrupted
    assert stopped.outcome is Outcome.UNDECIDED
    assert 150 <= stopped.certificate.finding.drawn < IMAGES
    assert check_evidence(tmp_path / "e.jsonl").outcome is Outcome.UNDECIDED
    with pytest.raises(UsageError, match="another seed"):
        certify_model(made.model, made.photos, made.run, seed=1, **options)
    said: list[str] = []
    found = certify_model(made.model, made.photos, made.run, log=said.append, **options)
    assert found.outcome is Outcome.PASS
    assert found.certificate.finding.drawn <= IMAGES
    checked = check_evidence(tmp_path / "e.jsonl").certificate
    assert checked.finding == found.certificate.finding
    assert checked.seal == found.certificate.seal


def test_an_image_that_cannot_be_read_is_named_and_never_helps(made: Set, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for path in sorted(made.photos.iterdir())[:40]:
        (photos / path.name).write_bytes(path.read_bytes())
    (photos / "007.png").write_bytes(b"\x89PNG, but no more")
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(made.labels.read_text().splitlines(keepends=True)[:40]))
    said: list[str] = []
    found = certify_model(
        made.model, photos, made.run, labels=labels, evidence=tmp_path / "e.jsonl", log=said.append
    )
    assert found.certificate.failed == ("007.png",)
    assert found.outcome is Outcome.UNDECIDED
    assert found.certificate.finding.drawn == 40
    assert any("007.png" in line for line in said)
    labels.write_text(labels.read_text() + "400.png 1\n")
    with pytest.raises(DatasetError, match="1 labelled image is not there"):
        certify_model(made.model, photos, made.run, labels=labels, evidence=tmp_path / "f.jsonl")


def test_a_reference_of_other_images_or_labels(made: Set, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "new.png")
    (tmp_path / "labels.txt").write_text("new.png 0\n")
    with pytest.raises(MismatchError, match=r"its run has no decision on 1 of 1 image, new\.png"):
        certify_model(
            made.model,
            tmp_path / "new.png",
            made.run,
            labels=tmp_path / "labels.txt",
            evidence=tmp_path / "e.jsonl",
        )
    swapped = made.labels.read_text().replace(" 2\n", " 9\n").replace(" 1\n", " 2\n")
    (tmp_path / "swapped.txt").write_text(swapped.replace(" 9\n", " 1\n"))
    with pytest.raises(MismatchError, match="the reference has other labels: "):
        certify_model(
            made.model,
            made.photos,
            made.run,
            labels=tmp_path / "swapped.txt",
            evidence=tmp_path / "f.jsonl",
        )


def test_the_command(made: Set, tmp_path: Path) -> None:
    save_model(tmp_path / "bgr.onnx", weights=COLOURS[::-1])
    asked = ["--labels", made.labels, "--reference", made.run, "--evidence"]
    failed = regcore(
        "certify", tmp_path / "bgr.onnx", made.photos, *asked, tmp_path / "e.jsonl", "--json"
    )
    assert failed.exit_code == 1, failed.output
    assert json.loads(failed.stdout)["outcome"] == "FAIL"
    passed = regcore(
        "certify", made.model, made.photos, *asked, tmp_path / "p.jsonl", "--margin", "5"
    )
    assert passed.exit_code == 0, passed.output
    assert "lost, 0 won" in passed.stderr


@pytest.mark.slow
def test_the_demos_photos_are_all_drawn(
    tmp_path: Path,
) -> None:
    """So few images that nothing is certain before the last one, when all is known."""
    from regcore.demo import exported_model

    pytest.importorskip("torch")
    model = exported_model(tmp_path, print)
    labelled_photos = sample(tmp_path)
    photos = labelled_photos.folder
    evaluate_model(model, photos, labelled_photos.labels, out=tmp_path / "run")
    found = certify_model(
        model,
        photos,
        tmp_path / "run",
        labels=labelled_photos.labels,
        evidence=tmp_path / "e.jsonl",
    )
    count = len(list(photos.iterdir()))
    assert found.outcome is Outcome.PASS
    assert found.certificate.finding.decided_at == count
    bgr = certify_model(
        model,
        photos,
        tmp_path / "run",
        labels=labelled_photos.labels,
        evidence=tmp_path / "b.jsonl",
        recipe="resize=256,crop=224,filter=bicubic,mean=0,0,0,std=0.001,0.001,0.001",
    )
    assert bgr.outcome is Outcome.FAIL
    assert bgr.certificate.finding.drawn <= count


@pytest.mark.slow
def test_canaries_of_real_photos(shared_data: Path, tmp_path: Path) -> None:
    """Other pixels give an alarm by some dozens of photos, and float16 gives none."""
    import onnx

    from regcore.convert.onnx.float16 import to_float16
    from regcore.demo import exported_model

    found = imagenet_200(shared_data)
    model = exported_model(tmp_path, print)
    onnx.save(to_float16(onnx.load(model)), tmp_path / "half.onnx")
    evaluate_model(model, found.folder, found.labels, out=tmp_path / "run")
    recipe = Recipe.preset("tf_efficientnet_lite0")
    for name, port, made_by, alarm in (
        ("half", tmp_path / "half.onnx", recipe, False),
        ("filter", model, replace(recipe, filter="bilinear"), False),
        ("bgr", model, replace(recipe, channels="bgr"), True),
        ("mean", model, replace(recipe, mean=IMAGENET_MEAN, std=IMAGENET_STD), True),
    ):
        certified = certify_model(
            port,
            found.folder,
            tmp_path / "run",
            labels=found.labels,
            evidence=tmp_path / f"{name}.jsonl",
            margin="5pt",
            recipe=made_by,
        )
        assert certified.certificate.canary is not None
        assert certified.certificate.canary.alarm is alarm
        assert certified.outcome is (Outcome.FAIL if name in ("bgr", "mean") else Outcome.PASS)
