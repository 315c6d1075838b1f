"""What the site has beyond the pages: commands and JSON forms, generated, and links out of docs/.

The pages mark the place of what is generated with `<!-- generated: commands -->` or `json-forms`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parents[2]
#: Markdown files outside docs/ that the site has, too.
_TAKEN_ALONG = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "bench/README.md")

_LINK_OR_CODE = re.compile(
    r"^ *```.*?^ *```$|(?P<mark>!?)\[(?P<shown>[^\]]*)\]\((?P<target>[^)\s]+)\)|`[^`\n]*`",
    re.DOTALL | re.MULTILINE,
)


def on_files(files: Any, config: Any) -> Any:
    """Adds the Markdown files outside docs/, and the pictures of bench/results."""
    from mkdocs.structure.files import File

    for name in _TAKEN_ALONG:
        files.append(_generated(File, config, name, (ROOT / name).read_text("utf-8")))
    for picture in sorted((ROOT / "bench" / "results").glob("*.svg")):
        name = picture.relative_to(ROOT).as_posix()
        files.append(File.generated(config, name, abs_src_path=str(picture)))
    return files


def _generated(kind: Any, config: Any, name: str, text: str) -> Any:
    from mkdocs.structure.files import InclusionLevel

    return kind.generated(config, name, content=text, inclusion=InclusionLevel.NOT_IN_NAV)


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Fills in what is generated, and mends links that lead out of docs/."""
    markdown = markdown.replace("<!-- generated: commands -->", "\n".join(_commands()))
    markdown = markdown.replace("<!-- generated: json-forms -->", "\n".join(_json_forms()))
    source = page.file.src_uri
    here = ROOT / source if source in _TAKEN_ALONG else ROOT / "docs" / source
    up = "../" * source.count("/")

    def mended(found: re.Match[str]) -> str:
        target, _, fragment = (found["target"] or "").partition("#")
        if ":" in target or not target:  # code, another site, or a place on this page
            return found[0]
        reached = (here.parent / target).resolve()
        if not reached.is_relative_to(ROOT):
            return found[0]
        name = reached.relative_to(ROOT).as_posix().removeprefix("docs/")
        if files.get_file_from_path(name) is None:
            return found["shown"]  # a file of the source tree, which the site has not
        return f"{found['mark']}[{found['shown']}]({up}{name}{'#' if fragment else ''}{fragment})"

    return _LINK_OR_CODE.sub(mended, markdown)


def _commands() -> Iterator[str]:
    from regcore.cli import cli

    settings = {**cli.context_settings, "max_content_width": 80}
    for path, command in _below("regcore", cli):
        yield f"### {path}\n"
        with click.Context(command, info_name=path, **settings) as context:
            yield f"```text\n{command.get_help(context)}\n```\n"


def _below(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, each in sorted(command.commands.items()):
            if not each.hidden:
                yield from _below(f"{path} {name}", each)


def _json_forms() -> Iterator[str]:
    for file in sorted((ROOT / "regcore" / "schemas").glob("*.schema.json")):
        schema = json.loads(file.read_text("utf-8"))
        name = file.name.removesuffix(".schema.json")
        yield f"### {name}\n\n{schema['title']}: {schema['description']}\n"
        yield "| name | type | what it is |\n|---|---|---|"
        for key, value in schema.get("properties", {}).items():
            said = value.get("description", "").replace("|", "\\|").replace("\n", " ")
            yield f"| `{key}` | {_kind(value)} | {said} |"
        yield ""


def _kind(value: dict[str, Any]) -> str:
    if "anyOf" in value:
        return " or ".join(map(_kind, value["anyOf"]))
    if "$ref" in value:
        return str(value["$ref"]).rsplit("/", 1)[1]
    if "type" not in value and "const" in value:
        return f"`{json.dumps(value['const'])}`"
    return str(value.get("type", "any"))
