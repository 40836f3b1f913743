"""The models of one corpus on the test split of another.

| source -> target | what is scored |
|---|---|
| the same task | the source's models as they are, on the target's rows |
| entities -> relations with tagged sentences | both models end to end, see `tandem.inference.joint` |
| entities -> relations without tags | only gold pairs can be scored, which evaluate does; see below |
| relations -> entities | nothing |

With `relation.types: ner`, gold pairs are scored here too, under the types that the source's models see.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tandem.evaluation.clean import clean_scores
from tandem.evaluation.joint import JOINT
from tandem.evaluation.metrics import Tree
from tandem.evaluation.summary import score_seed, summarise
from tandem.inference.corpus import predict_corpus
from tandem.inference.held_out import HeldOut
from tandem.inference.joint import score_gold_pairs, score_joint
from tandem.inference.leaks import find_leaks
from tandem.params import TandemParams
from tandem.tasks import RE, Task, task_of


def transfer(source: str, target: str, params: TandemParams, own: Mapping[str, Tree]) -> tuple[Tree, str]:
    """Scores of the models of `source` on `target`, and the outcome in a few words.

    `own`: what evaluate found for each of the two on their own test splits; where source and target are one, that is
    the outcome.
    """
    task = task_of(params.corpus(source).task)
    if source == target:
        return _compared(task, own[source], own[source], own[target])
    held_out = HeldOut.open(target, params)
    reason = obstacle(source, task, held_out)
    if reason is not None:
        typed = params.relation.types == "ner" and task is not RE
        gold_pairs = score_gold_pairs(source, held_out, params) if typed else {}
        return {"not_applicable": reason, **gold_pairs}, f"not applicable, {reason}"
    if held_out.task is not task:
        scores = score_joint(source, held_out, params)
        return scores, f"test {JOINT.title} {scores[JOINT.headline]['f1']:.4f}"
    gold = task.gold(held_out.samples)
    leaks = find_leaks(held_out.samples, [source], params)
    by_seed = {}
    for seed in params.seeds:
        predictions, _ = predict_corpus(Path(f"models/{source}/{seed}"), held_out, params, seed=seed)
        by_seed[seed] = score_seed(task, gold, predictions)
        by_seed[seed] |= clean_scores(task, gold, predictions["predicted"], leaks.rows)
    scores = summarise(task, by_seed, held_out.sentences, {**held_out.facts, **leaks.facts})
    return _compared(task, scores, own[source], own[target])


def obstacle(source: str, task: Task, held_out: HeldOut) -> str | None:
    """Why models of `task`, trained on `source`, cannot be scored on a split; None if they can."""
    if task is held_out.task:
        return None
    if task is RE:
        return f"{source} has relation models and {held_out.corpus} no pairs of entities: only gold pairs can be scored"
    bare = sum(sample.tags is None for sample in held_out.samples)
    if bare:
        return (
            f"{bare} of the {len(held_out.samples)} test pairs of {held_out.corpus} stand in sentences without entity "
            "tags: only gold pairs can be scored"
        )
    return None


def _compared(task: Task, scores: Tree, source: Tree, target: Tree) -> tuple[Tree, str]:
    """The scores with what the transfer costs, against models trained on the target itself."""
    found, at_source, at_target = (tree[task.headline]["f1"] for tree in (scores, source, target))
    reference = {"source_f1": at_source, "target_f1": at_target, "drop": at_target - found}
    return {**scores, "reference": reference}, f"test {task.title} {found:.4f}"
