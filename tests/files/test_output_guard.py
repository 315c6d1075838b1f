"""No command may destroy an input, a device node or a file of others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from regcore.errors import OutputError, UsageError
from regcore.files.output_guard import Output, check_outputs, json_of, text_of

TRACE = json_of("trace")


def test_inputs_are_never_outputs(tmp_path: Path) -> None:
    model = tmp_path / "m.onnx"
    model.write_bytes(b"weights")
    link, hard = tmp_path / "link", tmp_path / "hard"
    link.symlink_to(model)
    os.link(model, hard)
    for out in (model, link, hard, tmp_path / "x" / ".." / "m.onnx"):
        with pytest.raises(UsageError, match="input"):
            check_outputs([Output(out, TRACE)], [model], force=True)


def test_files_of_others_stay(tmp_path: Path) -> None:
    out = tmp_path / "t.json"
    check_outputs([Output(out, TRACE)])
    for content, ours in (
        (b'{"format": {"name": "regcore trace", "version": 1}}', True),
        (b"", True),
        (b'{"format": {"name": "regcore run", "version": 1}}', False),
        (b"my notes", False),
    ):
        out.write_bytes(content)
        if ours:
            check_outputs([Output(out, TRACE)])
        else:
            with pytest.raises(UsageError, match="--force"):
                check_outputs([Output(out, TRACE)])
            check_outputs([Output(out, TRACE)], force=True)
    assert text_of(rb"\d+ ")(b"12 a")


def test_only_regular_files(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for out in (fifo, tmp_path, Path("/dev/null")):
        with pytest.raises(OutputError):
            check_outputs([Output(out, TRACE)], force=True)


def test_outputs_differ(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one file"):
        check_outputs([Output(tmp_path / "a", TRACE), Output(tmp_path / "b" / ".." / "a", TRACE)])
