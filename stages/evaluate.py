"""Score a corpus's models on its test split: metrics/evaluate/<corpus>.json and data/predictions/<corpus>."""

from pathlib import Path

from tandem.evaluation.interval import intervals
from tandem.evaluation.summary import score_seed, summarise
from tandem.files import write_json
from tandem.inference.corpus import predict_corpus, write_predictions
from tandem.inference.held_out import HeldOut
from tandem.params import TandemParams
from tandem.stage import run_stage


def main(params: TandemParams, corpus: str) -> None:
    held_out = HeldOut.open(corpus, params)
    task = held_out.task
    gold = task.gold(held_out.samples)
    by_seed, said = {}, []
    for seed in params.seeds:
        predictions, about = predict_corpus(Path(f"models/{corpus}/{seed}"), held_out, params, seed=seed)
        write_predictions(Path(f"data/predictions/{corpus}/{seed}.parquet"), held_out, predictions)
        said.append(predictions["predicted"])
        by_seed[seed] = score_seed(task, gold, predictions, about["valid"][f"{task.headline}_f1"])
    interval = intervals(task.name, gold, said, sentences=held_out.sentence_of_row)
    summary = summarise(task, by_seed, held_out.sentences, held_out.facts, interval)
    write_json(Path(f"metrics/evaluate/{corpus}.json"), summary)
    f1, deviation = (tree[task.headline]["f1"] for tree in (summary, summary["std"]))
    print(f"{corpus}: test {task.title} {f1:.4f} ± {deviation:.4f} over {len(by_seed)} seed(s)")


if __name__ == "__main__":
    run_stage(main, takes=["corpus"], description=__doc__)
