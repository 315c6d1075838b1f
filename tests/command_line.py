"""Commands as a user types them, in this process."""

from __future__ import annotations

from click.testing import CliRunner, Result

from regcore.cli import cli


def regcore(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])
