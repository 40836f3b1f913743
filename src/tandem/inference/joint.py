"""From words to relations: the mentions of a NER model are the pairs of a relation model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tandem.corpora.schema import NO_RELATION, RelationSample, Sample
from tandem.evaluation.clean import clean_scores
from tandem.evaluation.controls import CONTROLS, conditions
from tandem.evaluation.joint import JOINT, Reading, Sentences, Triple, gather, span_types
from tandem.evaluation.metrics import Tree, mean_and_std
from tandem.evaluation.relations import score_relations
from tandem.evaluation.spans import spans
from tandem.evaluation.summary import score_seed, summarise
from tandem.inference.held_out import HeldOut
from tandem.inference.leaks import find_leaks
from tandem.inference.pairs import BLOCK, MOST_MENTIONS, Pair, candidate_pairs, pair_row, post_fields
from tandem.inference.runner import Runner
from tandem.params import TandemParams


@dataclass(frozen=True)
class JointPredictions:
    """What the two models say together: one reading a sentence by name of the condition."""

    readings: dict[str, list[Reading]]
    dropped: int  # mentions over MOST_MENTIONS, with the sentences' own pictures
    gold_pairs: list[str]  # what the relation model says of the corpus's own rows


def score_joint(source: str, held_out: HeldOut, params: TandemParams) -> Tree:
    """Scores of the NER models of `source` and the relation models of a split's own corpus, seed by seed, together.

    Besides those of `tandem.evaluation.joint`: `gold_pairs`, the relation model on the corpus's own pairs;
    `mentions_dropped`; `gold_unmatched`, gold relations that cannot be found because the tags have no such entity; and
    `clean`, without the sentences that either model has seen.
    """
    sentences = gather(held_out.samples)
    relations = held_out.task.gold(held_out.samples)
    leaks = find_leaks(sentences.samples, [source, held_out.corpus], params)
    by_seed = {}
    for seed in params.seeds:
        ner = Runner(Path(f"models/{source}/{seed}"), held_out, params)
        re = Runner(Path(f"models/{held_out.corpus}/{seed}"), held_out, params)
        found = predict_joint(ner, re, held_out.samples, sentences, seed=seed)
        by_seed[seed] = {
            **score_seed(JOINT, sentences.gold, found.readings),
            **clean_scores(JOINT, sentences.gold, found.readings["predicted"], leaks.rows),
            "gold_pairs": score_relations(relations, found.gold_pairs)["relation"],
            "mentions_dropped": found.dropped,
        }
    facts = {"gold_unmatched": sentences.unmatched, "task": JOINT.headline, **leaks.facts}
    return summarise(JOINT, by_seed, len(sentences.samples), facts)


def predict_joint(
    ner: Runner, re: Runner, rows: Sequence[RelationSample], sentences: Sentences, *, seed: int
) -> JointPredictions:
    """Mentions and relations under every condition, each seen by both models, and the relations of the rows.

    With `relation.types: ner`, the types of the mentions constrain the relations; on the rows, those of the predicted
    mentions that have exactly the words of head and tail.
    """
    samples = sentences.samples
    pictures = conditions(ner.pictures_of(samples), seed=seed)
    tags = ner.predict(samples, pictures)
    pairs = {name: [candidate_pairs(spans(said, "default")) for said in tags[name]] for name in tags}
    readings: dict[str, list[Reading]] = {}
    for name, ids in pictures.items():
        if name in CONTROLS and not ner.uses_picture and not re.uses_picture:
            readings[name] = readings["predicted"]
        else:
            triples = _related(re, samples, pairs[name], name, ids)
            readings[name] = [Reading(said, found) for said, found in zip(tags[name], triples, strict=True)]
    said_of_row = [tags["predicted"][number] for number in sentences.of_row]
    return JointPredictions(
        readings=readings,
        dropped=sum(max(0, len(span_types(said)) - MOST_MENTIONS) for said in tags["predicted"]),
        gold_pairs=_on_gold_pairs(re, rows, said_of_row),
    )


def score_gold_pairs(source: str, held_out: HeldOut, params: TandemParams) -> Tree:
    """`gold_pairs`: the relation models of a split's own corpus on its rows, within the types that the NER models of
    `source` see; and its deviation under `std`. Needs no gold tags.
    """
    rows, gold = held_out.samples, held_out.task.gold(held_out.samples)
    by_seed = []
    for seed in params.seeds:
        ner = Runner(Path(f"models/{source}/{seed}"), held_out, params)
        re = Runner(Path(f"models/{held_out.corpus}/{seed}"), held_out, params)
        posts = [Sample(**post_fields(row), tags=["O"] * len(row.words)) for row in rows]
        tags = ner.predict(posts, {"predicted": ner.pictures_of(posts)})["predicted"]
        by_seed.append({"gold_pairs": score_relations(gold, _on_gold_pairs(re, rows, tags))["relation"]})
    mean, std = mean_and_std(by_seed)
    return {**mean, "std": std, "seeds": len(by_seed)}


def _on_gold_pairs(re: Runner, rows: Sequence[RelationSample], tags: Sequence[Sequence[str]]) -> list[str]:
    """What the relation model says of rows, each with the tags of its sentence.

    With `relation.types: ner`, the types of tagged mentions that have exactly the words of head and tail count.
    """
    types = [span_types(said) for said in tags]
    ends = [(found.get(row.head), found.get(row.tail)) for row, found in zip(rows, types, strict=True)]
    known = [(head, tail) if head is not None and tail is not None else None for head, tail in ends]
    return list(re.predict(rows, {"predicted": re.pictures_of(rows)}, known)["predicted"])


def _related(
    re: Runner,
    samples: Sequence[Sample],
    pairs: Sequence[Sequence[Pair]],
    condition: str,
    pictures: Sequence[str | None],
) -> list[frozenset[Triple]]:
    """The relations of each sentence, under a condition and with the picture given for it, among its pairs."""
    flat = [(number, pair) for number, own in enumerate(pairs) for pair in own]
    found: list[set[Triple]] = [set() for _ in samples]
    for start in range(0, len(flat), BLOCK):
        block = flat[start : start + BLOCK]
        rows = [pair_row(samples[number], pair) for number, pair in block]
        shown = [pictures[number] for number, _ in block]
        types = [(head.type, tail.type) for _, (head, tail) in block]
        relations = re.predict(rows, {condition: shown}, types)[condition]
        for (number, (head, tail)), relation in zip(block, relations, strict=True):
            if relation != NO_RELATION:
                found[number].add(Triple(head, tail, relation))
    return [frozenset(triples) for triples in found]
