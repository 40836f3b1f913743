"""`tandem recipe`: the published systems by name."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from tandem.params.root import ParamsError, load_tree, parse_params
from tandem.recipes import Recipe, flags, load_recipe, recipe_names, weights_needed
from tandem.trees import leaves

WIDTH = 100  # of running text, in characters

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
Name = Annotated[str, typer.Argument(help="A recipe, as `tandem recipe list` names it.")]


@app.callback()
def recipe() -> None:
    """The published systems by name, with the settings of their reports.

    \b
    tandem recipe list                                   which there are
    tandem recipe show mscmt_hybrid                      its knobs, its numbers, what its report leaves open
    dvc exp run $(tandem recipe flags mscmt_hybrid)      run it
    dvc exp run $(tandem recipe flags mscmt_hybrid) -S 'seeds=[1]' -S vision.batch_size=8      with changes

    A recipe is a file recipes/<name>.yaml, an overlay of params.yaml; put your own beside them.
    Knobs that it leaves open have their defaults; corpora and the knobs of the machine are as params.yaml has them.
    """


@app.command("list")
def list_() -> None:
    """Which recipes there are.

    With their systems, corpora, the weights that they need, and what was published.
    """
    rows = [("recipe", "system", "corpora", "weights", "published (x 100)")]
    base = _base()
    broken = []
    for name in recipe_names():
        try:
            found = load_recipe(name, base)
        except ParamsError as error:
            broken.append(str(error))
            continue
        weights = ", ".join(weights_needed(found.params)) or "none"
        rows.append((name, found.about.system, ", ".join(found.params.datasets), weights, headline(found)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if broken:
        raise ParamsError("; ".join(broken))


@app.command()
def show(name: Name) -> None:
    """What a recipe sets and what was published."""
    found = load_recipe(name, _base())
    about = found.about
    print(f"{name}: {about.system}")
    print(f"{about.report}, table: {about.table}\n")
    print(f"corpora   {', '.join(found.params.datasets)}")
    print(f"weights   {', '.join(weights_needed(found.params)) or 'none'}\n")
    knobs = [(".".join(path), shown(value), found.comments.get(path, "")) for path, value in _knobs(found)]
    print("knobs (others have their defaults)" if knobs else "knobs: none, all have their defaults")
    _print_columns(knobs)
    if about.published:
        print("\npublished (x 100)")
        _print_columns(
            [
                (corpus, score, f"{100 * value:.2f}")
                for corpus, row in about.published.items()
                for score, value in row.items()
            ]
        )
    more = [f"It extends {found.extends}, whose notes hold here too, as far as they apply."] if found.extends else []
    if about.notes or more:
        print("\nnotes")
        for note in [*about.notes, *more]:
            print(textwrap.fill(note, WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False))
    print(f"\ndvc exp run $(tandem recipe flags {name})")


@app.command("flags")
def flags_(name: Name) -> None:
    """Print a recipe as words for `dvc exp run`.

    They name what differs from the params.yaml at hand, as in: dvc exp run $(tandem recipe flags mscmt_hybrid)
    """
    try:
        base = _base()
        words = flags(load_recipe(name, base), base)
    except (ValueError, OSError):
        # `dvc exp run $(...)` does not see this command fail, and would run params.yaml as it is; this stops it.
        print("--recipe-failed")
        raise
    print(" ".join(words))


def headline(recipe: Recipe) -> str:
    """The first score that is published for each corpus, in one line; a score is named where it changes."""
    parts, named = [], None
    for corpus, scores in recipe.about.published.items():
        score, value = next(iter(scores.items()))
        parts.append(f"{score if score != named else ''} {corpus} {100 * value:.2f}".strip())
        named = score
    return ", ".join(parts) or "-"


def shown(value: Any) -> str:
    """A value as params.yaml may have it."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return f"[{', '.join(map(shown, value))}]" if isinstance(value, list) else str(value)


def _base() -> Any:
    """The tree of params.yaml, which has to be sound before anything is laid over it."""
    tree = load_tree()
    parse_params(tree)
    return tree


def _knobs(recipe: Recipe) -> Sequence[tuple[tuple[str, ...], Any]]:
    """In the order of params.yaml, whatever the order of the files that the overlay is from."""
    places = {path: place for place, (path, _) in enumerate(leaves(recipe.params.model_dump(mode="json")))}
    return sorted(leaves(recipe.overlay), key=lambda leaf: places.get(leaf[0], len(places)))


def _print_columns(rows: Sequence[tuple[str, str, str]]) -> None:
    first, second = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
    for row in rows:
        print(f"  {row[0]:<{first}}  {row[1]:<{second}}  {row[2]}".rstrip())
