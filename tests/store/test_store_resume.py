"""Stores whose making is interrupted, disturbed or repeated."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import save_photos
from store_forms import FILES, FORMS, PACKS, RECIPE, content, everything

from regcore import (
    DatasetError,
    OutputError,
    Preprocessor,
    RegcoreError,
    UsageError,
    open_store,
    write_store,
)
from regcore.store.journal import JOURNAL, Journal
from regcore.store.ledger import LEDGER, Ledger, is_name, lines
from regcore.store.ledger_line import Noticed, Record
from regcore.store.manifest import MANIFEST
from regcore.store.manifest_form import StoreLayout

PHOTOS = 120


@pytest.fixture
def preprocessor() -> Preprocessor:
    return Preprocessor(RECIPE, workers=2)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    save_photos(tmp_path / "photos", 17)
    return tmp_path / "photos"


@pytest.fixture(scope="module")
def many_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough for a run of a noticeable time; one of them is bad."""
    folder = tmp_path_factory.mktemp("many")
    save_photos(folder, PHOTOS)
    (folder / "7.JPEG").write_bytes(b"no picture")
    return folder


SLOW_WRITER = """
import sys, time
from pathlib import Path
from regcore.images.preprocessor import Preprocessor
from regcore.recipes.recipe import Recipe
from regcore.images.listing import image_names
from regcore.store import single_files
from regcore.store.manifest import StoreLayout
from regcore.store.layout import pack_form
from regcore.store.writer import write_store
single_files._FIRST_CHUNK = single_files._LARGEST_CHUNK = 8
source, out, form, workers = sys.argv[1:]
recipe = Recipe(resize=32, crop=24, dtype="uint8")
packs = pack_form(recipe, 4, pack_bytes=8 * recipe.image_bytes)
preprocessor = Preprocessor(recipe, workers=int(workers))
write_store(
    preprocessor, source, image_names(source)[1], out, StoreLayout() if form == "files" else packs,
    progress=lambda *_: time.sleep(0.02),
)
"""


def writer(source: Path, out: Path, form: str, workers: int = 2) -> subprocess.Popen[bytes]:
    arguments = [str(source), str(out), form, str(workers)]
    return subprocess.Popen([sys.executable, "-c", SLOW_WRITER, *arguments])


def recorded(out: Path) -> int:
    """Lines in the journal, of which the first is not an image."""
    try:
        return (out / JOURNAL).read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


@pytest.mark.slow
@pytest.mark.parametrize("form", ["files", "packs"])
def test_twenty_kills_change_nothing(many_photos: Path, tmp_path: Path, form: str) -> None:
    out, clean = tmp_path / "killed", tmp_path / "clean"
    assert writer(many_photos, clean, form).wait() == 0
    rng = random.Random(form)  # noqa: S311
    for kill in range(20):  # spread over the whole run, at a random moment of each part of it
        process = writer(many_photos, out, form, workers=rng.choice([1, 2, 8]))
        while process.poll() is None and recorded(out) < kill * (PHOTOS - 16) // 20:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.02))
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert not (out / MANIFEST).exists()
    assert recorded(out) > PHOTOS // 2
    assert writer(many_photos, out, form).wait() == 0
    assert content(out) == content(clean)


@FORMS
def test_an_interrupt_leaves_what_the_same_command_continues(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor, form: StoreLayout
) -> None:
    out, names = tmp_path / "out", everything(photos)

    def interrupt(done: int, _: int) -> None:
        if done > 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_store(preprocessor, photos, names, out, form, progress=interrupt)
    assert not list(out.glob(".*"))
    with pytest.raises(DatasetError, match="interrupted"):
        open_store(out)
    summary = write_store(preprocessor, photos, names, out, form)
    assert summary.kept >= 9 if form is FILES else summary.kept == 8
    write_store(preprocessor, photos, names, tmp_path / "clean", form)
    assert content(out) == content(tmp_path / "clean")


@FORMS
def test_a_complete_store_is_verified_and_left_alone(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor, form: StoreLayout
) -> None:
    out, names = tmp_path / "out", everything(photos)
    write_store(preprocessor, photos, names, out, form)
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    summary = write_store(preprocessor, photos, names, out, form)
    assert (summary.kept, summary.written) == (17, 0)
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == before


@FORMS
def test_damage_in_the_store_is_mended(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor, form: StoreLayout
) -> None:
    out, names = tmp_path / "out", everything(photos)
    write_store(preprocessor, photos, names, out, form)
    whole = content(out)
    victims = sorted(path for path in out.iterdir() if path.suffix == ".bin")
    flipped = bytearray(victims[0].read_bytes())
    flipped[5] ^= 1
    victims[0].write_bytes(flipped)
    victims[1].write_bytes(victims[1].read_bytes()[:-1])
    victims[2].unlink()
    summary = write_store(preprocessor, photos, names, out, form)
    assert summary.written == (3 if form is FILES else 17)
    assert content(out) == whole


@pytest.mark.slow
@FORMS
def test_a_changed_source_is_made_again(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor, form: StoreLayout
) -> None:
    out, names = tmp_path / "out", everything(photos)
    write_store(preprocessor, photos, names, out, form)
    (photos / "9.JPEG").write_bytes((photos / "2.JPEG").read_bytes())
    summary = write_store(preprocessor, photos, names, out, form)
    assert summary.written == (1 if form is FILES else 8)
    write_store(preprocessor, photos, names, tmp_path / "clean", form)
    assert content(out) == content(tmp_path / "clean")

    (photos / "9.JPEG").unlink()
    summary = write_store(preprocessor, photos, names, out, form)
    assert [Path(error.path).name for error in summary.errors] == ["9.JPEG"]
    assert "9.JPEG" not in open_store(out).names
    assert not (out / "9.bin").exists()


@FORMS
def test_further_images_are_added_and_fewer_refused(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor, form: StoreLayout
) -> None:
    out, names = tmp_path / "out", everything(photos)
    write_store(preprocessor, photos, names[:10], out, form)
    write_store(preprocessor, photos, names, out, form)
    write_store(preprocessor, photos, names, tmp_path / "clean", form)
    assert content(out) == content(tmp_path / "clean")
    with pytest.raises(UsageError, match=r"holds 7 images that are not listed now.*--force"):
        write_store(preprocessor, photos, names[:10], out, form)
    assert content(out) == content(tmp_path / "clean")
    write_store(preprocessor, photos, names[:10], out, form, force=True)
    write_store(preprocessor, photos, names[:10], tmp_path / "ten", form)
    assert content(out) == content(tmp_path / "ten")


def test_files_of_others_are_never_mistaken_nor_deleted(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor
) -> None:
    out, names = tmp_path / "out", everything(photos)
    out.mkdir()
    (out / "stale.bin").write_bytes(b"of another run")
    for force in (False, True):
        with pytest.raises(UsageError, match=r"1 other \.bin file, the first is stale\.bin"):
            write_store(preprocessor, photos, names, out, force=force)
    assert content(out) == {"stale.bin": b"of another run"}
    (out / "stale.bin").rename(out / "notes.txt")
    (out / ".regcore-1-2.part").write_bytes(b"of a killed writer")
    write_store(preprocessor, photos, names, out)
    assert not (out / ".regcore-1-2.part").exists()
    assert (out / "notes.txt").exists()


@pytest.mark.slow
def test_a_second_writer_is_refused(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor
) -> None:
    out, names = tmp_path / "out", everything(photos)
    out.mkdir()
    with Journal(out), pytest.raises(RegcoreError, match="another process is writing"):
        write_store(preprocessor, photos, names, out)
    process = writer(photos, out, "files")
    while recorded(out) == 0 and process.poll() is None:
        time.sleep(0.001)
    with pytest.raises(RegcoreError, match="another process is writing"):
        write_store(preprocessor, photos, names, out)
    assert process.wait() == 0
    assert write_store(preprocessor, photos, names, out).kept == 17


LIMITED = """
import resource, sys
from regcore import OutputError, Preprocessor, Recipe, write_store
from regcore.images.listing import image_names
from regcore.store.layout import pack_form
recipe = Recipe(resize=32, crop=24, dtype="uint8")
form = pack_form(recipe, 4, pack_bytes=8 * recipe.image_bytes)
resource.setrlimit(resource.RLIMIT_FSIZE, (5 * recipe.image_bytes,) * 2)
try:
    write_store(Preprocessor(recipe, workers=2), sys.argv[1], image_names(sys.argv[1])[1],
                sys.argv[2], form)
except OutputError as error:
    sys.exit(f"refused: {error}")
"""


@pytest.mark.slow
def test_a_limit_of_the_system_ends_the_run_and_not_the_store(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor
) -> None:
    out, names = tmp_path / "out", everything(photos)
    command = [sys.executable, "-c", LIMITED, str(photos), str(out)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "refused: " in run.stderr
    assert "File too large" in run.stderr
    assert set(content(out)) == {JOURNAL}
    write_store(preprocessor, photos, names, out, PACKS)
    write_store(preprocessor, photos, names, tmp_path / "clean", PACKS)
    assert content(out) == content(tmp_path / "clean")


MOUNT, UNMOUNT = ["/usr/bin/env", "mount"], ["/usr/bin/env", "umount"]


@FORMS
def test_a_full_disk(
    photos: Path,
    tmp_path: Path,
    preprocessor: Preprocessor,
    form: StoreLayout,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk, names = tmp_path / "disk", everything(photos)
    disk.mkdir()
    mount = [*MOUNT, "-t", "tmpfs", "-o", f"size={7 * 4096}", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs the right to mount a small file system")
    try:
        with pytest.raises(OutputError, match="left"):
            write_store(preprocessor, photos, names, disk / "out", form)
        monkeypatch.setattr("regcore.store.writer.check_space", lambda *_: None)
        with pytest.raises(OutputError, match="No space left on device"):
            write_store(preprocessor, photos, names, disk / "out", form)
        assert not list((disk / "out").glob(".*"))
        subprocess.run([*MOUNT, "-o", "remount,size=1m", str(disk)], check=True)
        write_store(preprocessor, photos, names, disk / "out", form)
        write_store(preprocessor, photos, names, tmp_path / "clean", form)
        assert content(disk / "out") == content(tmp_path / "clean")
    finally:
        subprocess.run([*UNMOUNT, str(disk)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("kept_lines", [0, 1, 5])
@pytest.mark.parametrize("torn", [b"", b'["12.JPEG",', b"\0\0\0", b'{"format": "regc'])
def test_a_torn_journal_is_continued(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor, kept_lines: int, torn: bytes
) -> None:
    out, names = tmp_path / "out", everything(photos)
    process = writer(photos, out, "files")
    while recorded(out) < 9 and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    process.wait()
    journal = (out / JOURNAL).read_bytes().splitlines(keepends=True)
    (out / JOURNAL).write_bytes(b"".join(journal[:kept_lines]) + torn)
    if not kept_lines and torn[:1] == b"[":  # no journal of ours begins like this
        with pytest.raises(DatasetError, match="not the journal of a store"):
            write_store(preprocessor, photos, names, out)
        assert (out / JOURNAL).read_bytes() == torn
        return
    summary = write_store(preprocessor, photos, names, out)
    assert summary.kept == max(0, kept_lines - 1)
    write_store(preprocessor, photos, names, tmp_path / "clean")
    assert content(out) == content(tmp_path / "clean")


@pytest.mark.parametrize(
    "text",
    [
        b"x\n",
        b"[]\n",
        b'{"format": 1}\n',
        b"mine\nits last line",
        b"[]\n[1",
        b"its only line",
        b"\0" * (1 << 17),
        b'{"format": "regcore store", "version": 2}\nlast',
    ],
)
def test_a_foreign_journal_is_refused(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor, text: bytes
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / JOURNAL).write_bytes(text)
    for force in (False, True):
        with pytest.raises(DatasetError, match=r"journal|store"):
            write_store(preprocessor, photos, everything(photos), tmp_path / "out", force=force)
    assert content(tmp_path / "out") == {JOURNAL: text}  # not a byte of it is lost


words = st.text(max_size=9).filter(lambda text: "\0" not in text)
texts = words | st.builds(os.fsdecode, st.binary(max_size=9).filter(lambda name: 0 not in name))
names = texts.filter(is_name)
failures = st.builds(
    Record, names, st.integers(-1, 2**62), st.integers(-1, 2**62), st.none(), st.none(),
    st.none(), words.filter(bool), st.none(),
)  # fmt: skip
successes = st.builds(
    Record, names, st.integers(0, 2**62), st.integers(0, 2**62), texts, st.integers(0, 2**31 - 1),
    st.integers(0, 2**64 - 1).map("{:016x}".format), st.none(),
    st.none() | st.builds(Noticed, st.integers(0, 99), words, st.integers(1, 8), st.booleans()),
)  # fmt: skip


@pytest.mark.slow
@given(st.lists(failures | successes, max_size=30))
def test_a_ledger_gives_its_records_back(records: list[Record]) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(lines(records) + b'["torn')
        file.seek(0)
        assert list(Ledger.read(file, "ledger")) == records


anything = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
cells = anything | st.lists(anything, max_size=3) | st.dictionaries(st.text(max_size=3), anything)


@pytest.mark.slow
@given(st.lists(st.lists(cells, min_size=7, max_size=9) | cells, min_size=1, max_size=3))
def test_any_lines_are_a_ledger_or_refused(rows: list[object]) -> None:
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    try:
        ledger = Ledger.read(io.BytesIO(content), "the ledger")
    except DatasetError:
        return
    assert len(list(ledger)) == len(rows)


def test_a_ledger_cannot_lead_out_of_its_folder(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor
) -> None:
    out, names = tmp_path / "out", everything(photos)
    write_store(preprocessor, photos, names, out)
    (tmp_path / "victim.bin").write_bytes(bytes(RECIPE.image_bytes))
    forged = Record("x.JPEG", 1, 1, "../victim.bin", 0, "0" * 16, None, None)
    (out / LEDGER).write_bytes(lines([forged]))
    with pytest.raises(DatasetError, match="not inside"):
        write_store(preprocessor, photos, names, out, force=True)
    assert (tmp_path / "victim.bin").exists()


def test_an_empty_list_makes_an_empty_store(tmp_path: Path, preprocessor: Preprocessor) -> None:
    for form in (FILES, PACKS):
        out = tmp_path / f"{form.batch_size}"
        assert write_store(preprocessor, tmp_path, [], out, form).errors == ()
        assert list(open_store(out)) == []


@pytest.mark.parametrize(
    "line", ["{}", "[1, 2]", '["a", "b", 1, "c", 0, "ff", null, null]', "nonsense"]
)
def test_a_damaged_ledger_is_named(line: str) -> None:
    with pytest.raises(DatasetError, match="the ledger: not a ledger"):
        Ledger.read(io.BytesIO(line.encode() + b"\n"), "the ledger")
