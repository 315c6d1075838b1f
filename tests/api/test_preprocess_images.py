"""regcore.preprocess_images: the store of `regcore preprocess`, and its check."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from api.colour_set import ColourSet
from api.same_files import timeless
from command_line import regcore

from regcore import UsageError, preprocess_images
from regcore.api.messages import Advance, LoggedInterrupt
from regcore.api.preprocess import plan_images
from regcore.api.verify import verify_images


def test_the_store_is_that_of_the_command(colours: ColourSet, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    said: list[str] = []
    made = preprocess_images(colours.photos, ours, dtype="uint8", limit=5, log=said.append)
    result = regcore(
        "preprocess", colours.photos, theirs, "--dtype", "uint8", "--limit", 5, "--json"
    )
    assert result.exit_code == 0, result.output
    assert timeless(made.to_dict()) == timeless(json.loads(result.stdout))
    assert result.stderr == f"regcore: {said[0]}\n"
    names = sorted(path.name for path in ours.iterdir())
    assert names == sorted(path.name for path in theirs.iterdir())
    assert [n for n in names if n.endswith(".bin")] == [f"{i}.bin" for i in range(5)]
    for name in names:
        if name.endswith(".bin"):
            assert (ours / name).read_bytes() == (theirs / name).read_bytes()


def test_a_plan_writes_nothing(colours: ColourSet, tmp_path: Path) -> None:
    planned = plan_images(colours.photos, tmp_path / "out", recipe="regnety_016")
    assert planned.images == 9
    assert planned.to_dict()["bytes"] >= 9 * 3 * 224 * 224 * 4
    assert not (tmp_path / "out").exists()


def test_the_store_verifies(colours: ColourSet, tmp_path: Path) -> None:
    made = preprocess_images(colours.photos, tmp_path / "out", for_model=colours.model)
    assert made.complete
    verified = verify_images(made.out)
    assert verified.complete
    assert verified.verification.compared == 9
    with (made.out / "2.bin").open("r+b") as file:
        file.write(b"\xff\xff")
    said: list[str] = []
    verified = verify_images(made.out, ledger=True, log=said.append)
    assert verified.verification.differing == ("2.JPEG",)
    assert said[1] == "2.JPEG: stored values differ from its checksum"


def test_ctrl_c_says_what_was_done(colours: ColourSet, tmp_path: Path) -> None:
    @contextmanager
    def stopping(total: int) -> Iterator[Advance]:
        def stop(done: int, failed: int) -> None:
            raise KeyboardInterrupt

        yield stop

    said: list[str] = []
    made = preprocess_images(colours.photos, tmp_path / "out", recipe="regnety_016")
    with pytest.raises(LoggedInterrupt):
        verify_images(made.out, log=said.append, progress=stopping)
    assert len(said) == 1
    assert re.fullmatch(r"interrupted: \d of 9 images were looked at, 0 of them bad", said.pop())
    with pytest.raises(LoggedInterrupt):
        preprocess_images(
            colours.photos,
            tmp_path / "other",
            recipe="regnety_016",
            log=said.append,
            progress=stopping,
        )
    (message,) = said
    assert message.endswith("; the same command goes on")


def test_refused(colours: ColourSet, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--pad needs --pack"):
        preprocess_images(colours.photos, tmp_path / "out", pad=True)
    with pytest.raises(TypeError, match="unexpected option 'padded'"):
        preprocess_images(colours.photos, tmp_path / "out", padded=True)  # type: ignore[call-arg]
