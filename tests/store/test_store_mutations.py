"""Whatever stands in the files of a store, each reader ends in a value or in one line."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from oracles import save_photos
from store_forms import PACKS, RECIPE

from regcore import Preprocessor, open_store, write_store
from regcore.errors import RegcoreError
from regcore.files.input_file import read_input
from regcore.images.label_files.reader import read_labels
from regcore.images.listing import read_image_list
from regcore.store.info import bin_info
from regcore.store.journal import JOURNAL, peek
from regcore.store.ledger import LEDGER, Ledger
from regcore.store.manifest import MANIFEST
from regcore.store.manifest_form import StoreLayout
from regcore.store.writer import plan_store

MUTATIONS = 400  # of each file for each seed
PREPROCESSOR = Preprocessor(RECIPE, workers=1)
TOKENS = (
    b"[" * 3000, b"{" * 200, b"]", b"}", b'"', b",", b":", b"null", b"true", b"-1", b"0", b"1.5",
    b"1e400", b"NaN", b"-Infinity", b"9" * 30, b"9" * 5000, b"9223372036854775807",
    b"18446744073709551616", b'"\\u0000"', b'"\\ud800"', b'"\\udcff"', b"\\u0000", b"\xff\xfe",
    b"\0", b"\n", b"..", b"/etc/passwd", b"../x", b"//", b" ", b'""', b"[]", b"{}", b"1", b"255",
    b"x" * 5000, b"\xe4\xb8", b"\r\n", b"recipe", b"packs", b"file",
)  # fmt: skip


def mutated(text: bytes, rng: random.Random) -> bytes:
    """The text with one to three changes of the kinds that disks, editors and people make."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(text) + 1)
        end = min(len(text), at + rng.choice((0, 1, 1, 2, 5, 20, 60)))
        match rng.randrange(5):
            case 0:
                text = text[:at] + rng.choice(TOKENS) + text[end:]
            case 1:
                text = text[:at] + bytes(rng.randrange(256) for _ in range(end - at)) + text[end:]
            case 2:
                text = text[:at]
            case 3:
                text = text[:at] + text[end:]
            case _:  # a value by another one, which keeps the text well formed
                parts = text.split(b",")
                parts[rng.randrange(len(parts))] = rng.choice(TOKENS)
                text = b",".join(parts)
    return text


def read_store(folder: Path) -> None:
    store = open_store(folder)
    assert len(store.names) == len(store)
    for batch in store.batches(4):
        assert len(batch.images) == len(batch.indices)
    assert [error for name, error in store.failed.items() if not name or not error] == []


def use(folder: Path, photos: Path) -> list[Callable[[], object]]:
    names = sorted(path.name for path in photos.iterdir())
    forms = (StoreLayout(), PACKS)
    return [
        lambda: read_store(folder),
        lambda: list(bin_info(folder, 24, 24)),
        lambda: peek(folder),
        *(
            lambda form=form: plan_store(PREPROCESSOR, photos, names, folder, form)
            for form in forms
        ),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("form", [StoreLayout(), PACKS], ids=["files", "packs"])
@pytest.mark.parametrize("file", [MANIFEST, LEDGER, JOURNAL])
def test_files_of_a_store(tmp_path: Path, form: StoreLayout, file: str) -> None:
    photos, folder = tmp_path / "photos", tmp_path / "store"
    names = save_photos(photos, 6)
    (photos / "4.JPEG").write_bytes(b"no picture")
    write_store(PREPROCESSOR, photos, names, folder, form)
    if file == JOURNAL:
        description = " ".join((folder / MANIFEST).read_text().split()).encode()
        (folder / JOURNAL).write_bytes(description + b"\n" + (folder / LEDGER).read_bytes())
    whole = (folder / file).read_bytes()
    rng = random.Random(f"{file} {form}")  # noqa: S311
    uses = use(folder, photos)
    refused = 0
    for _ in range(MUTATIONS):
        text = mutated(whole, rng)
        (folder / file).write_bytes(text)
        for call in uses:
            refused += ends_in_a_line(call, text)
    assert refused > MUTATIONS  # they are not read past


def ends_in_a_line(call: Callable[[], object], text: bytes) -> bool:
    """Whether the call was refused; nothing but a RegcoreError of one line is allowed."""
    found: RegcoreError | None = None
    try:
        call()
    except RegcoreError as error:
        found = error
    if found is None:
        return False
    assert found.exit_code in {2, 3, 5}, (text, found)
    assert len(str(found).splitlines()) == 1, (text, found)
    return True


LEDGER_LINE = b'["a",1,2,"a.bin",0,"0123456789abcdef",null,[1,"w",6]]\n'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_labels, b'a.JPEG 65\n"b c.JPEG" 7\nd e.JPEG\t970\n\n'),
        (lambda path: read_image_list(path, "photos"), b"a.JPEG\nphotos/b.JPEG\n"),
        (lambda path: Ledger.read(io.BytesIO(read_input(path)), path), LEDGER_LINE * 3),
    ],
    ids=["labels", "list", "ledger"],
)  # fmt: skip
def test_lists(tmp_path: Path, read: Callable[[Path], object], text: bytes) -> None:
    rng = random.Random(text)  # noqa: S311
    for _ in range(2 * MUTATIONS):
        changed = mutated(text, rng)
        (tmp_path / "file").write_bytes(changed)
        ends_in_a_line(lambda: read(tmp_path / "file"), changed)
