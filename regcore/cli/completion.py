"""regcore completion: names, options and files that a shell completes on Tab."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

from regcore.cli.console import print_document

_MAKERS = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
_INSTALL = {
    "bash": "regcore completion bash > ~/.local/share/bash-completion/completions/regcore",
    "zsh": "regcore completion zsh > ~/.zfunc/_regcore",
    "fish": "regcore completion fish > ~/.config/fish/completions/regcore.fish",
}
_NEEDS = {
    "bash": "Make the folder first, with mkdir -p; bash 4.4 or newer is needed.",
    "zsh": "Make the folder first, with mkdir -p; in ~/.zshrc stand fpath+=~/.zfunc and compinit.",
    "fish": "Make the folder first, with mkdir -p.",
}


@click.command()
@click.argument("shell", metavar="{bash|zsh|fish}", type=click.Choice(list(_INSTALL)))
@click.pass_context
def completion(ctx: click.Context, /, *, shell: str) -> None:
    """Print the script that lets a shell complete commands, options and files.

    The script begins with how to install it. It takes effect in the next shell that is opened.

    \b
    Examples:
      regcore completion bash > ~/.local/share/bash-completion/completions/regcore
      regcore completion zsh > ~/.zfunc/_regcore
      regcore completion fish > ~/.config/fish/completions/regcore.fish
    """  # noqa: D301
    made = _MAKERS[shell](ctx.find_root().command, {}, "regcore", "_REGCORE_COMPLETE")
    script = made.source()
    first = "#compdef regcore\n" if shell == "zsh" else ""
    body = script.strip().removeprefix(first.strip()).strip()
    print_document(f"{first}# To install it: {_INSTALL[shell]}\n# {_NEEDS[shell]}\n\n{body}")
