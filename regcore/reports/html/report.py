"""A run's folder as one HTML file, without anything from the network.

What the folder does not hold is left out, and said to be.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from regcore.counted import agreeing, counted
from regcore.errors import RegcoreError
from regcore.evaluation.run_folder import Run
from regcore.files.atomic import write_text
from regcore.reports.html.folder import Absent
from regcore.reports.html.sections import Sections

#: The second is in the reports of versions that did not name themselves.
_OWN = re.compile(
    rb'<meta name="generator" content="regcore report">|:root { --back: #fff; --card: #f6f7f9;'
)


def is_report(head: bytes) -> bool:
    """Whether an HTML file that begins so is one of ours."""
    return _OWN.search(head) is not None


def write_report(
    run: Run, out: Path, class_names: Sequence[str] | None = None
) -> tuple[Absent, ...]:
    """Writes the report of a run; returns what is not in it.

    class_names: of the model's classes, by index; None: those that the run tells. Raises
    RegcoreError where the package of the extra `report` is missing.
    """
    template = _environment().get_template("report.html")
    sections = Sections(run, class_names)
    content = sections.content()
    text = template.render(**content, absent=sections.absent) + "\n"
    # Names of files need not be text; what is none is written out.
    write_text(out, text.encode("utf-8", "backslashreplace").decode())
    return tuple(sections.absent)


def _environment() -> Any:  # noqa: ANN401
    try:
        import jinja2
    except ImportError as error:
        raise RegcoreError(
            f"a report needs Jinja ({error}); install it with: pip install 'regcore[report]'"
        ) from error
    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(_template),
    )
    environment.filters |= {"nbsp": _unbroken, "counted": counted, "agreeing": agreeing}
    return environment


def _template(name: str) -> str:
    return (files("regcore.reports.html") / "templates" / name).read_text("utf-8")


def _unbroken(text: str) -> str:
    """The same with spaces before units at which no line ends."""
    return re.sub(r"(?<=\d) (?=%|pt\b)", "\u00a0", text)
