"""What docs/hooks/site.py makes for the site."""

from __future__ import annotations

import importlib.util
import re
from types import SimpleNamespace
from typing import Any

import pytest
from page_blocks import ROOT

from regcore.cli import cli

FILE = ROOT / "docs" / "hooks" / "site.py"


@pytest.fixture(scope="module")
def hook() -> Any:
    spec = importlib.util.spec_from_file_location("docs_site_hook", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def filled_in(hook: Any, markdown: str, source: str = "reference/commands.md") -> str:
    page = SimpleNamespace(file=SimpleNamespace(src_uri=source))
    known = {"tutorial.md", "bench/README.md", "architecture.md"}
    files = SimpleNamespace(get_file_from_path=lambda name: name if name in known else None)
    return str(hook.on_page_markdown(markdown, page, None, files))


def test_every_command_is_there_with_its_options(hook: Any) -> None:
    text = filled_in(hook, "<!-- generated: commands -->")
    headings = re.findall(r"^### (.*)$", text, re.MULTILINE)
    shown = {name: command for name, command in cli.commands.items() if not command.hidden}
    assert {f"regcore {name}" for name in shown} <= set(headings)
    assert "regcore recipe show" in headings
    assert text.count("  -h, --help ") == len(headings)
    for name, command in cli.commands.items():
        (section,) = re.findall(
            rf"^### regcore {name}\n(.*?)(?=^###|\Z)", text, re.MULTILINE | re.DOTALL
        )
        for option in (option for each in command.params for option in each.opts):
            assert not option.startswith("--") or option in section


def test_every_json_form_is_there(hook: Any) -> None:
    text = filled_in(hook, "<!-- generated: json-forms -->")
    for file in (ROOT / "regcore" / "schemas").glob("*.schema.json"):
        assert f"### {file.name.removesuffix('.schema.json')}\n" in text


def test_links_that_leave_docs(hook: Any) -> None:
    text = (
        "[t](../tutorial.md#a) [b](../../bench/README.md) [`x.py`](../../regcore/host.py) `[a](b)`"
    )
    wanted = "[t](../tutorial.md#a) [b](../bench/README.md) `x.py` `[a](b)`"
    assert filled_in(hook, text) == wanted
    outside = filled_in(hook, "[map](docs/architecture.md) [w](https://a.b)", "CONTRIBUTING.md")
    assert outside == "[map](architecture.md) [w](https://a.b)"
