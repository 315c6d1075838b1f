"""All forms of JSON that regcore writes and prints, and the schemas that are made of them.

`python -m regcore.api.forms` writes the files in regcore/schemas again.
"""

from __future__ import annotations

import json
from importlib.resources import as_file, files

from regcore.performance.perf_file import PerfForm
from regcore.performance.profile.profile_file import ProfileForm
from regcore.reports.comparison.comparison_file import ComparisonForm
from regcore.reports.guide_lint.rendering import LintForm
from regcore.reports.trtexec import TrtexecForm
from regcore.reports.verdict import VerdictForm
from regcore.schemas.generate import Form, generate

FORMS = (
    Form("comparison", "comparison.json; regcore compare --json", ComparisonForm),
    Form("lint", "regcore compare --lint --json", LintForm),
    Form("perf", "perf.json", PerfForm),
    Form("profile", "profile.json; regcore profile --json", ProfileForm),
    Form("trtexec", "regcore trtexec --json", TrtexecForm),
    Form("verdict", "verdict.json; regcore verdict --json", VerdictForm),
)


def schema_text(form: Form) -> str:
    """The content of the file NAME.schema.json."""
    return json.dumps(generate(form), indent=2) + "\n"


def main() -> None:
    """Writes the schemas of all forms."""
    for form in FORMS:
        with as_file(files("regcore.schemas") / f"{form.name}.schema.json") as path:
            path.write_text(schema_text(form), "utf-8")


if __name__ == "__main__":
    main()
