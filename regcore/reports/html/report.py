"""A run's folder as one HTML file, without anything from the network.

What the folder does not hold is left out, and said to be.
"""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from regcore.errors import RegcoreError
from regcore.evaluation.run_folder import read_run
from regcore.files.atomic import write_text
from regcore.reports.html.sections import Absent, Sections

_TEMPLATE = "template.html"
#: The second is in the reports of versions that did not name themselves.
_OWN = re.compile(
    rb'<meta name="generator" content="regcore report">|:root { --back: #fff; --card: #f6f7f9;'
)


def is_report(head: bytes) -> bool:
    """Whether an HTML file that begins so is one of ours."""
    return _OWN.search(head) is not None


def write_report(folder: Path, out: Path) -> tuple[Absent, ...]:
    """Writes the report of the run in `folder`; returns what is not in it.

    Raises DatasetError for a folder that `regcore run` has not written, and RegcoreError where
    the packages of the extra `report` are missing.
    """
    environment = _import_jinja().Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(
        (files("regcore.reports.html") / _TEMPLATE).read_text("utf-8")
    )
    sections = Sections(read_run(folder))
    content = sections.content()
    text = template.render(**content, absent=sections.absent) + "\n"
    # Names of files need not be text; what is none is written out.
    write_text(out, text.encode("utf-8", "backslashreplace").decode())
    return tuple(sections.absent)


def _import_jinja() -> Any:  # noqa: ANN401
    try:
        import jinja2
        import matplotlib as mpl  # noqa: F401
    except ImportError as error:
        raise RegcoreError(
            f"a report needs Jinja and Matplotlib ({error}); "
            "install them with: pip install 'regcore[report]'"
        ) from error
    return jinja2
