"""regcore recipe: how models want their images."""

from __future__ import annotations

from pathlib import Path

import click

from regcore.cli.console import log, print_json, print_text
from regcore.cli.options import FileLike
from regcore.errors import MismatchError

_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group()
def recipe() -> None:
    """Show, compare and embed recipes: what becomes of every image before a model gets it.

    A RECIPE is what --recipe takes, see 'regcore recipe list'; wherever one is shown or compared,
    it can also be a model (.onnx, .om, .engine) or a store (its folder or URL), which have their
    own.

    \b
    Examples:
      regcore recipe list
      regcore recipe show timm:resnet50.a1_in1k
      regcore recipe diff regnety_016 model.onnx
      regcore recipe embed timm:resnet50.a1_in1k resnet50.onnx
    """  # noqa: D301


@recipe.command("list")
@_JSON
def list_recipes(*, as_json: bool) -> None:
    """List what --recipe takes, with an example of each.

    \b
    Examples:
      regcore recipe list
      regcore recipe list --json
    """  # noqa: D301
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from regcore.api.recipe import presets_and_sources
    from regcore.reports.recipe import list_dict

    listed = presets_and_sources()
    if as_json:
        print_json(list_dict(listed))
        return
    table = Table(box=box.SIMPLE)
    table.add_column("--recipe", overflow="fold")
    table.add_column("what it is", overflow="fold")
    for spelling, contents in listed:
        table.add_row(escape(spelling), escape(contents))
    print_text(table)


@recipe.command()
@click.argument("what", metavar="RECIPE", type=FileLike())
@click.option("--text", "as_text", is_flag=True, help="Print it as --recipe takes it.")
@_JSON
def show(*, what: str, as_text: bool, as_json: bool) -> None:
    """Say in words what RECIPE does, with its identity.

    What --json prints can be given as a file to --recipe.

    \b
    Examples:
      regcore recipe show timm:vit_base_patch16_224.augreg_in1k
      regcore recipe show regnety_016.onnx --json > recipe.json
    """  # noqa: D301
    from regcore.api.recipe import find_recipe
    from regcore.recipes.spelling import recipe_text
    from regcore.reports.printable import printable
    from regcore.reports.recipe import show_dict, show_lines

    found = find_recipe(what)
    if as_json:
        print_json(show_dict(found))
    elif as_text:
        click.echo(recipe_text(found.recipe))
    else:
        for line in show_lines(found):
            click.echo(printable(line))


@recipe.command()
@click.argument("first", metavar="RECIPE", type=FileLike())
@click.argument("second", metavar="OTHER", type=FileLike())
@_JSON
def diff(*, first: str, second: str, as_json: bool) -> None:
    """Say in what OTHER differs from RECIPE; exit code 5 if it does.

    Beside the fields: for how many of the 256 values of a pixel the result differs, over all
    channels, and by how much at most.

    \b
    Example:
      regcore recipe diff regnety_016.onnx torchvision:RegNet_Y_1_6GF_Weights.IMAGENET1K_V2
    """  # noqa: D301
    from regcore.api.recipe import find_recipe
    from regcore.recipes.words import difference
    from regcore.reports.printable import printable
    from regcore.reports.recipe import diff_dict, diff_lines

    pair = find_recipe(first), find_recipe(second)
    found = difference(pair[0].recipe, pair[1].recipe)
    if as_json:
        print_json(diff_dict(pair, found))
    else:
        for line in diff_lines(found):
            click.echo(printable(line))
    if found.fields:
        raise MismatchError(f"{first} and {second} differ in {', '.join(found.fields)}")


@recipe.command()
@click.argument("what", metavar="RECIPE", type=FileLike())
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Another .onnx file to write.  [default: MODEL itself]",
)
@click.option("--force", is_flag=True, help="Replace another recipe, or a file of others.")
def embed(*, what: str, model: Path, out: Path | None, force: bool) -> None:
    """Write RECIPE into MODEL, so that later commands find it there.

    MODEL is an .onnx file, or an .om or .engine with the record of regcore convert beside it, which
    is where the recipe goes. In dtype and layout the recipe follows the model.

    \b
    Example:
      regcore recipe embed timm:resnet50.a1_in1k resnet50.onnx
    """  # noqa: D301
    from regcore.api.recipe import embed_recipe
    from regcore.recipes.words import in_words

    written = embed_recipe(what, model, out, force=force, log=log)
    click.echo(f"{out or model}: {in_words(written)} ({written.identity})")
