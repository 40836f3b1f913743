"""The summary in words: what was run, what came out, and whether the pictures help."""

from __future__ import annotations

from tandem.reporting.cells import mean_std, points
from tandem.reporting.relation_words import few_pictures, relation_sentences
from tandem.reporting.results import READ_CAPTIONS, Results, Tree, control_cost, number
from tandem.reporting.wording import listed, plural
from tandem.reporting.worth import worth

POOLING = {"start": "the start markers of both entities", "span": "the means of both entities' words"}
TYPES = {
    "none": "",
    "names": ", within the types that the relations' names give",
    "ner": ", within the types that a model of entities gives where there is one",
}


def setting(results: Results) -> str:
    """One sentence on what was run, and one on relations if there are any."""
    seeds = ", ".join(map(str, results.seeds))
    decoding = f" with {results.decoder} decoding" if results.of_task("ner") else ""
    knobs = results.relation
    return (
        f"Fusion {results.fusion}{decoding}, on {listed(results.datasets)}; "
        f"{plural(len(results.seeds), 'seed')} ({seeds})."
    ) + (f" Relations are read from {POOLING[knobs.pooling]}{TYPES[knobs.types]}." if results.of_task("re") else "")


def corpus_sentences(results: Results, name: str) -> list[str]:
    """What is to be said of one corpus, most important first."""
    tree = results.evaluate.get(name)
    blind = no_pictures(results, name)
    if tree is None or results.f1(name) is None:
        return ["Not evaluated yet.", *blind]
    if results.task(name) == "re":
        said = [*relation_sentences(tree), *(blind or [few_pictures(results, name), _pictures(results, name)])]
    else:
        said = [_entities(tree), *(blind or [_pictures(results, name)])]
    said.append(_ceiling(results, name))
    return list(filter(None, said))


def _entities(tree: Tree) -> str:
    return (
        f"Test span F1 is {mean_std(tree, 'span', 'f1')} over {plural(int(number(tree, 'seeds') or 0), 'seed')} "
        f"(strict IOB2: {mean_std(tree, 'span_strict', 'f1')})."
    )


def no_pictures(results: Results, name: str) -> list[str]:
    """A sentence if no picture (or caption, where those are read) of the corpus is usable, else nothing."""
    if results.pictures(name)[0] != 0:
        return []
    if results.fusion in READ_CAPTIONS:
        return ["No captions: this corpus has none, so every sentence was read without one."]
    return ["No usable pictures: the encoder found none in this corpus, so every sentence was read without one."]


def _pictures(results: Results, name: str) -> str:
    """Whether the pictures help; where nothing was compared, whether they are read."""
    return worth(results, name) or _exchange(results, name)


def _exchange(results: Results, name: str) -> str:
    """Whether exchanging pictures costs; with three seeds, twice the deviation is a one-sided p of 0.04 (t test)."""
    tree = results.evaluate.get(name)
    found = control_cost(tree, results.headline(name).key, "shuffled_image")
    if found is None:
        return ""
    cost, deviation = found
    if cost == 0 and not deviation:
        return "Exchanging the pictures changes nothing: this model does not look at them."
    seeds = int(number(tree, "seeds") or 1)
    amount = points(abs(cost), None if seeds == 1 else deviation)
    effect = f"Exchanging the pictures between sentences {'costs' if cost > 0 else 'gains'} {amount} points"
    if seeds < 3 or deviation is None:
        return f"{effect}; {plural(seeds, 'seed')} cannot tell that from chance, take three or more."
    if abs(cost) <= 2 * deviation:
        return f"{effect}, within twice its deviation over the seeds: no evidence that the pictures are read."
    if cost < 0:
        return f"{effect}, more than twice its deviation over the seeds: the own pictures harm."
    return f"{effect}, more than twice its deviation over the seeds: the model reads its pictures."


def _ceiling(results: Results, name: str) -> str:
    ceiling = results.ceiling.get(name)
    picture, text = number(ceiling, "picture", "expected_f1"), number(ceiling, "text_only", "expected_f1")
    f1 = results.f1(name)
    if picture is None or text is None or f1 is None:
        return ""
    side = "above" if f1 > text else "below"
    return (
        f"By construction of the corpus, text alone can expect at most {points(text)} and text with pictures "
        f"{points(picture)}; this model stands {points(abs(f1 - text))} points {side} the former."
    )
