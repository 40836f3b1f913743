"""What is to be said of a corpus of relations."""

from __future__ import annotations

from tandem.corpora.schema import NO_RELATION
from tandem.reporting.cells import mean_std
from tandem.reporting.confusions import Confusion, confusions
from tandem.reporting.relation_tables import untested
from tandem.reporting.results import Results, Tree, number
from tandem.reporting.wording import listed, plural

MOST_NAMED = 5  # relations in a sentence


def relation_sentences(tree: Tree) -> list[str]:
    """Scores, what has none, and what is taken for what; `tree` is of an evaluated corpus."""
    seeds = int(number(tree, "seeds") or 0)
    score = (
        f"Test relation F1 without None is {mean_std(tree, 'relation', 'f1')} over {plural(seeds, 'seed')} (mean over "
        f"relations: {mean_std(tree, 'relation_macro', 'f1')}; accuracy with None: {mean_std(tree, 'accuracy')})."
    )
    return [sentence for sentence in (score, _untested(tree), _confused(tree)) if sentence]


def few_pictures(results: Results, name: str) -> str:
    """A warning where most pictures (or captions, where those are read) of a corpus are not usable, else nothing."""
    usable, named = results.pictures(name)
    if not usable or not named or usable >= named / 2:
        return ""
    return f"Only {usable:,.0f} of {named:,.0f} pictures are usable: what pictures are worth can hardly be seen here."


def _untested(tree: Tree) -> str:
    names = untested(tree)
    if not names:
        return ""
    of = plural(len(names) + len(tree.get("per_relation", {})), "relation")
    shown = [*names[:MOST_NAMED], *([f"{len(names) - MOST_NAMED:,} more"] if len(names) > MOST_NAMED else [])]
    verb, noun = ("has", "score") if len(names) == 1 else ("have", "scores")
    return f"{len(names):,} of {of} {verb} no test case, and so no {noun}: {listed(shown)}."


def _confused(tree: Tree) -> str:
    found = confusions(tree)
    if not found:
        return ""
    parts = [_read_as(found[0])]
    other = next((one for one in found if NO_RELATION not in (one.gold, one.predicted)), None)
    if other is not None and other is not found[0]:
        parts.append(f"between two relations, {_read_as(other)}")
    silent = sum(one.pairs for one in found if one.predicted == NO_RELATION)
    related = number(tree, "relation", "support")
    lost = f" Of all {related:,.0f} pairs with a relation, {silent / related:.1%} are read as None." if related else ""
    return f"Most often confused: {'; '.join(parts)}.{lost}"


def _read_as(found: Confusion) -> str:
    return f"{found.gold} read as {found.predicted} ({found.share:.1%} of its test pairs)"
