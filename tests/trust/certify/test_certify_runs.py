"""regcore certify on runs that were made before: faults found, and evidence that holds."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from command_line import regcore
from json_forms import check_form
from trust.certify.made_runs import made_scores, noisy, predictions, save, worse

from regcore import MismatchError, OutputError, UsageError, certify_runs, check_evidence
from regcore.evaluation.predictions_csv import TopPredictions
from regcore.evaluation.verdict import Outcome
from regcore.trust.certify import evidence as evidence_module
from regcore.trust.certify.canary import canary_places, judge_canaries
from regcore.trust.certify.order import draw_order

IMAGES = 8000
SCORES, LABELS = made_scores(IMAGES)
REFERENCE = predictions(SCORES, LABELS)


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return save(tmp_path / "reference.csv", REFERENCE)


def port(tmp_path: Path, found: TopPredictions) -> Path:
    return save(tmp_path / "port.csv", found)


def test_a_port_with_the_noise_of_float16_passes(tmp_path: Path, reference: Path) -> None:
    run = port(tmp_path, predictions(noisy(SCORES, 0.003), LABELS))
    certified = certify_runs(run, reference, evidence=tmp_path / "e.jsonl")
    assert certified.outcome is Outcome.PASS
    finding = certified.certificate.finding
    assert finding.decided_at is not None
    assert finding.decided_at < IMAGES / 4
    assert certified.certificate.canary is not None
    assert not certified.certificate.canary.alarm


def test_a_port_that_lost_two_points_fails(tmp_path: Path, reference: Path) -> None:
    run = port(tmp_path, predictions(worse(SCORES, LABELS, 2), LABELS))
    certified = certify_runs(run, reference, evidence=tmp_path / "e.jsonl")
    assert certified.outcome is Outcome.FAIL
    assert certified.certificate.finding.drawn < IMAGES
    assert certified.certificate.finding.low > 0.5


def shifted(scores: np.ndarray) -> np.ndarray:
    return np.roll(scores, 1, axis=1)


def test_shifted_labels_fail_at_once_and_the_canaries_alarm(
    tmp_path: Path, reference: Path
) -> None:
    run = port(tmp_path, predictions(shifted(SCORES), LABELS))
    said: list[str] = []
    certified = certify_runs(run, reference, evidence=tmp_path / "e.jsonl", log=said.append)
    assert certified.outcome is Outcome.FAIL
    finding, canary = certified.certificate.finding, certified.certificate.canary
    assert finding.decided_at is not None
    assert finding.decided_at < 60
    assert canary is not None
    assert canary.alarm_after is not None
    assert canary.alarm_after <= 8
    assert any(line.startswith("ALARM: ") for line in said)


@pytest.mark.slow
def test_canaries_never_pass_a_port_nor_enter_the_test(tmp_path: Path, reference: Path) -> None:
    """A port that is right on them and broken elsewhere fails; one broken on them alone passes."""
    canaries = canary_places(REFERENCE)
    broken, sound = shifted(SCORES), noisy(SCORES, 0.003)
    broken[canaries], sound[canaries] = SCORES[canaries], shifted(SCORES)[canaries]
    found = certify_runs(
        port(tmp_path, predictions(broken, LABELS)), reference, evidence=tmp_path / "a.jsonl"
    )
    assert found.outcome is Outcome.FAIL
    assert found.certificate.canary is not None
    assert not found.certificate.canary.alarm
    found = certify_runs(
        port(tmp_path, predictions(sound, LABELS)), reference, evidence=tmp_path / "b.jsonl"
    )
    assert found.outcome is not Outcome.FAIL
    assert found.certificate.canary is not None
    assert found.certificate.canary.alarm
    without = certify_runs(
        tmp_path / "port.csv", reference, evidence=tmp_path / "c.jsonl", canaries=0
    )
    assert without.certificate.canary is None
    assert without.certificate.finding == found.certificate.finding


def test_canaries_are_the_smallest_margins() -> None:
    places = canary_places(REFERENCE, 50)
    margins = REFERENCE.scores[:, 0] - REFERENCE.scores[:, 1]
    assert sorted(margins.tolist())[:50] == margins[places].tolist()
    few = canary_places(replace_rows(REFERENCE, np.arange(20)), 64)
    assert len(few) == 8


def replace_rows(found: TopPredictions, rows: np.ndarray) -> TopPredictions:
    images = tuple(found.images[row] for row in rows.tolist())
    return TopPredictions(images, found.labels[rows], found.classes[rows], found.scores[rows])


def test_false_alarms_of_canaries_are_as_rare_as_promised() -> None:
    """Of ports whose answers keep the rule's own bound, a twentieth outside the three best."""
    random = np.random.default_rng(5)
    best = np.tile(np.arange(5), (64, 1))
    alarms = sum(
        judge_canaries(best, np.where(random.random(64) < 0.05, 9, 0)).alarm for _ in range(4000)
    )
    assert alarms <= 4 + 6  # of 4000, with 0.001 each; six more are a chance of 1 in 200


def test_the_order_is_the_seeds_and_known_before() -> None:
    names = [f"{place}.JPEG" for place in range(500)]
    order = draw_order(names, 7)
    assert sorted(order.tolist()) == list(range(500))
    reverse = draw_order(names[::-1], 7)
    assert [names[place] for place in order] == [names[::-1][place] for place in reverse]
    assert order.tolist() != draw_order(names, 8).tolist()
    assert (
        order[:3].tolist() == draw_order(names, 7)[:3].tolist() == [132, 362, 243]
    )  # by sha256sum


def interrupted_after(monkeypatch: pytest.MonkeyPatch, lines: int) -> None:
    """The process is interrupted when the evidence has so many lines of images."""
    add = evidence_module.EvidenceFile.add

    def adding(self: evidence_module.EvidenceFile, contents: object) -> None:
        given = list(contents)  # type: ignore[call-overload]
        if len(given) > 1 and self.chain and adding.left < len(given):  # type: ignore[attr-defined]
            add(self, given[: adding.left])  # type: ignore[attr-defined]
            raise KeyboardInterrupt
        adding.left -= len(given)  # type: ignore[attr-defined]
        add(self, given)

    adding.left = lines  # type: ignore[attr-defined]
    monkeypatch.setattr(evidence_module.EvidenceFile, "add", adding)


@pytest.mark.slow
def test_stopped_by_hand_it_is_undecided_and_goes_on_as_it_began(
    tmp_path: Path, reference: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = port(tmp_path, predictions(noisy(SCORES, 0.003), LABELS))
    whole = certify_runs(run, reference, evidence=tmp_path / "whole.jsonl")
    with monkeypatch.context() as patched:
        interrupted_after(patched, 300)
        with pytest.raises(KeyboardInterrupt):
            certify_runs(run, reference, evidence=tmp_path / "e.jsonl")
    stopped = check_evidence(tmp_path / "e.jsonl")
    assert stopped.outcome is Outcome.UNDECIDED
    assert 0 < stopped.certificate.finding.drawn < 400
    assert regcore("certify", "--check", tmp_path / "e.jsonl").exit_code == 3
    again = certify_runs(run, reference, evidence=tmp_path / "e.jsonl")
    assert again.certificate.finding == whole.certificate.finding
    kept = [(tmp_path / name).read_bytes().splitlines() for name in ("e.jsonl", "whole.jsonl")]
    bare = [[line.partition(b', "chain"')[0] for line in lines[1:]] for lines in kept]
    assert bare[0] == bare[1]


def test_a_line_that_a_kill_has_torn_is_drawn_again(tmp_path: Path, reference: Path) -> None:
    run = port(tmp_path, predictions(noisy(SCORES, 0.003), LABELS))
    whole = certify_runs(run, reference, evidence=tmp_path / "e.jsonl")
    content = (tmp_path / "e.jsonl").read_bytes()
    (tmp_path / "e.jsonl").write_bytes(content[: len(content) * 2 // 3])
    assert check_evidence(tmp_path / "e.jsonl").outcome is Outcome.UNDECIDED
    again = certify_runs(run, reference, evidence=tmp_path / "e.jsonl")
    assert again.certificate.seal == whole.certificate.seal
    assert (tmp_path / "e.jsonl").read_bytes() == content


def test_another_question_needs_a_file_of_its_own(tmp_path: Path, reference: Path) -> None:
    run = port(tmp_path, predictions(noisy(SCORES, 0.003), LABELS))
    file = tmp_path / "e.jsonl"
    first = certify_runs(run, reference, evidence=file, seed=4)
    again = certify_runs(run, reference, evidence=file, seed=4)
    assert again.certificate.seal == first.certificate.seal
    with pytest.raises(UsageError, match=r"it has another seed \(seed 4, margin 0.5pt"):
        certify_runs(run, reference, evidence=file, seed=5)
    with pytest.raises(UsageError, match="another error rate"):
        certify_runs(run, reference, evidence=file, seed=4, alpha=0.2)
    with pytest.raises(UsageError, match="another margin, margin_points"):
        certify_runs(run, reference, evidence=file, seed=4, margin="1pt")
    other = save(tmp_path / "other.csv", predictions(noisy(SCORES, 0.003, seed=9), LABELS))
    with pytest.raises(UsageError, match="another port"):
        certify_runs(other, reference, evidence=file, seed=4)
    (tmp_path / "notes.txt").write_text("mine\n")
    with pytest.raises(UsageError, match=r"is no evidence of 'regcore certify'"):
        certify_runs(run, reference, evidence=tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "mine\n"


def _changed(lines: list[bytes]) -> int:
    found = json.loads(lines[40])
    port = str(found["port"]).encode()
    lines[40] = lines[40].replace(b'"port": ' + port, b'"port": 1' + port)
    return 41


def _removed(lines: list[bytes]) -> int:
    del lines[50]
    return 51


def _moved(lines: list[bytes]) -> int:
    lines[60], lines[61] = lines[61], lines[60]
    return 61


def _added(lines: list[bytes]) -> int:
    lines.insert(70, lines[69])
    return 71


def _head(lines: list[bytes]) -> int:
    lines[0] = lines[0].replace(b'"margin_points": 0.5', b'"margin_points": 5.0')
    return 1


def _verdict(lines: list[bytes]) -> int:
    lines[-1] = lines[-1].replace(b'"FAIL"', b'"PASS"')
    return len(lines)


def _bare(lines: list[bytes]) -> int:
    lines[30] = lines[30].partition(b', "chain"')[0] + b"}"
    return 31


@pytest.mark.parametrize(
    "tamper", [_changed, _removed, _moved, _added, _head, _verdict, _bare], ids=lambda f: f.__name__
)
def test_what_was_tampered_with_is_found_by_its_line(
    tmp_path: Path, reference: Path, tamper: Callable[[list[bytes]], int]
) -> None:
    run = port(tmp_path, predictions(worse(SCORES, LABELS, 2), LABELS))
    file = tmp_path / "e.jsonl"
    certify_runs(run, reference, evidence=file)
    lines = file.read_bytes().splitlines()
    number = tamper(lines)
    file.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(MismatchError, match=rf"e.jsonl, line {number}: "):
        check_evidence(file)
    result = regcore("certify", "--check", file)
    assert result.exit_code == 5
    assert f"line {number}" in result.stderr
    with pytest.raises(MismatchError):  # nor does it go on from there
        certify_runs(run, reference, evidence=file)


def test_a_forged_chain_still_has_to_give_its_verdict(tmp_path: Path, reference: Path) -> None:
    from regcore.trust.certify.chained_lines import chained

    run = port(tmp_path, predictions(worse(SCORES, LABELS, 2), LABELS))
    file = tmp_path / "e.jsonl"
    certify_runs(run, reference, evidence=file)
    contents = [json.loads(line) for line in file.read_bytes().splitlines()]
    contents[-1]["verdict"]["outcome"] = "PASS"

    def forge() -> None:
        written, chain = [], ""
        for content in contents:
            line, chain = chained({k: v for k, v in content.items() if k != "chain"}, chain)
            written.append(line)
        file.write_bytes(b"".join(written))

    forge()
    with pytest.raises(MismatchError, match="its verdict is PASS, and its decisions give FAIL"):
        check_evidence(file)
    contents[30], contents[31] = contents[31], contents[30]
    forge()
    with pytest.raises(MismatchError, match=r"line 32: .* is not in the seed's order"):
        check_evidence(file)


def test_images_that_were_not_evaluated_are_named_and_never_help(tmp_path: Path) -> None:
    scores, labels = SCORES[:300], LABELS[:300]
    before = predictions(scores, labels)
    reference = save(tmp_path / "reference.csv", before)
    classes = before.classes.copy()
    classes[5:9] = -1
    run = port(tmp_path, replace(before, classes=classes))
    said: list[str] = []
    found = certify_runs(run, reference, evidence=tmp_path / "e.jsonl", log=said.append)
    assert found.outcome is Outcome.UNDECIDED
    assert sorted(found.certificate.failed) == [f"val/0000{place}.JPEG" for place in range(5, 9)]
    assert found.certificate.finding.drawn == 300
    right = int(before.correct[5:9].sum())
    assert found.certificate.finding.high == pytest.approx(100 * right / 300)
    assert found.certificate.finding.low == pytest.approx(100 * (right - 4) / 300)
    assert any("4 of its images were not evaluated" in line for line in said)
    wide = certify_runs(run, reference, evidence=tmp_path / "w.jsonl", margin="2pt")
    assert wide.outcome is Outcome.PASS


def test_runs_that_do_not_compare(tmp_path: Path, reference: Path) -> None:
    more, labels = made_scores(IMAGES + 1)
    run = port(tmp_path, predictions(more, labels))
    with pytest.raises(MismatchError, match="has no decision on 1 of 8001 images"):
        certify_runs(run, reference, evidence=tmp_path / "e.jsonl")
    other = port(tmp_path, predictions(SCORES, np.roll(LABELS, 1)))
    with pytest.raises(MismatchError, match="the runs have other labels"):
        certify_runs(other, reference, evidence=tmp_path / "f.jsonl")


def test_a_margin_can_be_a_part_of_the_references_accuracy(tmp_path: Path, reference: Path) -> None:
    run = port(tmp_path, predictions(noisy(SCORES, 0.003), LABELS))
    found = certify_runs(run, reference, evidence=tmp_path / "e.jsonl", margin="1%")
    assert found.certificate.head.margin == "1%"
    assert found.certificate.head.margin_points == pytest.approx(REFERENCE.correct.mean())


def test_the_command_and_its_exit_codes(tmp_path: Path, reference: Path) -> None:
    port(tmp_path, predictions(noisy(SCORES, 0.003), LABELS))
    bad = save(tmp_path / "bad.csv", predictions(shifted(SCORES), LABELS))
    asked = ["certify", tmp_path / "port.csv", "--reference", reference, "--evidence"]
    passed = regcore(*asked, tmp_path / "e.jsonl")
    assert passed.exit_code == 0, passed.output
    assert passed.stdout.startswith("PASS after ")
    failed = regcore("certify", bad, *asked[2:], tmp_path / "f.jsonl", "--json")
    assert failed.exit_code == 1
    assert "regcore: ALARM: " in failed.stderr
    found = check_form("certify", failed.stdout)
    assert (found["outcome"], found["alarm"]) == ("FAIL", True)
    checked = regcore("certify", "--check", tmp_path / "f.jsonl", "--json")
    assert checked.exit_code == 1
    assert json.loads(checked.stdout) == found
    lines = (tmp_path / "f.jsonl").read_text().splitlines()
    forms = ["evidence", "evidence-canary", *["evidence-image"] * (len(lines) - 3)]
    for form, line in zip([*forms, "evidence-verdict"], lines, strict=True):
        check_form(form, line)
    assert found["seal"] == json.loads(lines[-1])["chain"]
    assert len(found["history"]) > 1
    assert found["history"][-1]["drawn"] == found["finding"]["drawn"] == len(lines) - 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing argument 'MODEL'"),
        (("port.csv",), "Missing option '--reference'"),
        (("port.csv", "--reference", "reference.csv"), "Missing option '--evidence'"),
        (("m.onnx", "--reference", "r", "--evidence", "e"), "Missing argument 'IMAGES'"),
        (("m.onnx", "--check", "reference.csv"), "--check EVIDENCE needs no model"),
        (("--check", "reference.csv"), "is no evidence of 'regcore certify'"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], words: str, tmp_path: Path, reference: Path) -> None:
    port(tmp_path, REFERENCE)
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        result = regcore("certify", *arguments)
    finally:
        os.chdir(here)
    assert result.exit_code in (2, 3)
    assert words.lower() in result.stderr.lower()


@pytest.mark.parametrize("room", [100, 9000])
def test_a_full_disk_is_told_with_the_name_of_the_evidence(
    tmp_path: Path, reference: Path, room: int
) -> None:
    """Closing the file tries to write once more, whose error has no name."""
    run = port(tmp_path, predictions(noisy(SCORES, 0.003), LABELS))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(OutputError, match=r"e\.jsonl: cannot write: File too large"):
            certify_runs(run, reference, evidence=tmp_path / "e.jsonl")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
