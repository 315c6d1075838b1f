"""All forms of JSON that regcore writes and prints, and the schemas that are made of them.

`python -m regcore.api.forms` writes the files in regcore/schemas again.
"""

from __future__ import annotations

import json
from importlib.resources import as_file, files

from regcore.performance.perf_file import PerfForm
from regcore.schemas.generate import Form, generate

FORMS = (Form("perf", "perf.json", PerfForm),)


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
