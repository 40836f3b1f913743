"""Score a corpus's models on its test split: metrics/evaluate/<corpus>.json and data/predictions/<corpus>."""

from pathlib import Path

from tandem.evaluation.clean import clean_scores
from tandem.evaluation.gains import picture_gains, with_gains
from tandem.evaluation.interval import intervals
from tandem.evaluation.summary import score_seed, summarise
from tandem.files import write_json
from tandem.inference.corpus import read_corpus, write_predictions
from tandem.inference.held_out import HeldOut
from tandem.inference.insight import Insight
from tandem.inference.leaks import find_leaks
from tandem.inference.runner import Predictions
from tandem.params import TandemParams
from tandem.stage import run_stage


def main(params: TandemParams, corpus: str) -> None:
    held_out = HeldOut.open(corpus, params)
    task = held_out.task
    gold = task.gold(held_out.samples)
    twins = Path(f"data/twins/{corpus}")  # not among the stages of a study, whose text_only is a row
    leaks = find_leaks(held_out.samples, [corpus], params)
    by_seed, said, insight = {}, dict[int, Predictions](), Insight(held_out)
    for seed in params.seeds:
        twin = twins / str(seed) if twins.is_dir() else None
        read = read_corpus(Path(f"models/{corpus}/{seed}"), held_out, params, seed=seed, twin=twin)
        write_predictions(Path(f"data/predictions/{corpus}/{seed}.parquet"), held_out, read.readings)
        said[seed] = read.predictions
        scores = score_seed(task, gold, said[seed], read.about["valid"][f"{task.headline}_f1"])
        clean = clean_scores(task, gold, said[seed]["predicted"], leaks.rows)
        by_seed[seed] = {**scores, **clean, **insight.score(read.readings, read.weighs)}
    own = [predictions["predicted"] for predictions in said.values()]
    interval = intervals(task.name, gold, own, sentences=held_out.sentence_of_row)
    facts = {**held_out.facts, **leaks.facts}
    summary = insight.complete(summarise(task, by_seed, held_out.sentences, facts, interval))
    summary = with_gains(summary, picture_gains(task.name, gold, said, held_out.sentence_of_row))
    write_json(Path(f"metrics/evaluate/{corpus}.json"), summary)
    f1, deviation = (tree[task.headline]["f1"] for tree in (summary, summary["std"]))
    spread = f"± {deviation:.4f} over {len(by_seed)} seeds" if len(by_seed) > 1 else "with one seed"
    print(f"{corpus}: test {task.title} {f1:.4f} {spread}")


if __name__ == "__main__":
    run_stage(main, takes=["corpus"], description=__doc__)
