"""Images behind a URL: the same as from the disk, by names below the URL."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import regcore
from kept_photos import KINDS, keep, some_photos
from oracles import assert_same_bytes

from regcore import DatasetError, Preprocessor, Recipe, UsageError, open_store
from regcore.sources.spelling import open_source

fsspec = pytest.importorskip("fsspec")
PHOTOS = some_photos(10)
RECIPE = "resize=40,crop=32,filter=bilinear,mean=0.5,0.5,0.5,std=0.5,0.5,0.5"


@pytest.fixture
def memory() -> Iterator[str]:
    """A folder of its own in fsspec's memory."""
    folder = f"memory://{uuid.uuid4().hex}"
    yield folder
    fsspec.filesystem("memory").rm(folder, recursive=True)


def upload(url: str, content: bytes) -> None:
    with fsspec.open(url, "wb") as file:
        file.write(content)


def values_of(images: str | Path) -> Any:
    with open_source(images) as source:
        return Preprocessor(Recipe.parse(RECIPE), workers=3)(source.read())


@pytest.mark.parametrize("kind", ["tar", "zip", "deflated", "parquet"])
def test_archives_behind_a_url(kind: str, memory: str, tmp_path: Path) -> None:
    spelled = keep(tmp_path / "kept", kind, PHOTOS)
    for file in (tmp_path / "kept").iterdir():
        upload(f"{memory}/{file.name}", file.read_bytes())
    url = f"{memory}/{KINDS[kind].spelled}"
    with open_source(url) as remote, open_source(spelled) as local:
        assert list(remote.names) == list(local.names)
        found, wanted = remote.labels(), local.labels()
        assert found is not None
        assert wanted is not None
        assert found.tolist() == wanted.tolist()
    assert_same_bytes(values_of(url), values_of(spelled))
    out = tmp_path / "out"
    assert regcore("preprocess", url, out, "--recipe", RECIPE).exit_code == 0
    assert open_store(out).root == memory
    verified = regcore("verify", out)
    assert (verified.exit_code, verified.stdout) == (0, "10 of 10 images compared: 0 differ\n")
    again = regcore("preprocess", url, out, "--recipe", RECIPE)
    assert "10 kept" in again.stdout or "0 written" in again.stdout, again.stdout


def test_files_behind_a_url(memory: str, tmp_path: Path) -> None:
    for name, content, _ in PHOTOS:
        upload(f"{memory}/val/{name}", content)
        (tmp_path / "val" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "val" / name).write_bytes(content)
    with open_source(f"{memory}/val") as remote, open_source(tmp_path / "val") as local:
        assert list(remote.names) == list(local.names)
    assert_same_bytes(values_of(f"{memory}/val"), values_of(tmp_path / "val"))
    assert len(values_of(f"{memory}/val/{PHOTOS[3][0]}")) == 1
    out = tmp_path / "out"
    assert regcore("preprocess", f"{memory}/val", out, "--recipe", RECIPE).exit_code == 0
    fsspec.filesystem("memory").rm(f"{memory}/val/{PHOTOS[0][0]}")
    verified = regcore("verify", out)
    assert verified.exit_code == 3
    assert f"{PHOTOS[0][0]}: the source is gone" in verified.stderr


def test_what_cannot_be_opened_is_named(memory: str) -> None:
    for url in (f"{memory}/none", f"{memory}/none.tar", f"{memory}/n-*.tar"):
        with pytest.raises(DatasetError, match=r"memory://.*(no such file|no images there)"):
            open_source(url)
    upload(f"{memory}/img/a.jpg", b"")
    with pytest.raises(DatasetError, match=r"listed by the URL of their folder, such as .*/img$"):
        open_source(f"{memory}/img/*.jpg")
    upload(f"{memory}/x/data.mdb", b"")
    with pytest.raises(UsageError, match="from a local disk only"):
        open_source(f"{memory}/x/data.mdb")
    result = regcore("preprocess", "nosuchprotocol://bucket/x.tar", "out")
    assert result.exit_code == 4
    assert "nosuchprotocol://bucket/x.tar: fsspec cannot open it" in result.stderr
