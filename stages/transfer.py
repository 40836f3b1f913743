"""Score a source corpus's models on a target's test split: metrics/transfer/<source>-<target>.json."""

import json
from pathlib import Path

from tandem.corpora.schema import read_samples
from tandem.evaluation.summary import score_seed, summarise
from tandem.files import write_json
from tandem.inference.corpus import predict_corpus
from tandem.params import TandemParams
from tandem.stage import run_stage
from tandem.vision.cache import FeatureCache


def main(params: TandemParams, source: str, target: str) -> None:
    own = {name: json.loads(Path(f"metrics/evaluate/{name}.json").read_text()) for name in (source, target)}
    if source == target:
        summary = own[source]  # the diagonal of the transfer table: already scored by evaluate
    else:
        samples = read_samples(Path(f"data/prepared/{target}.parquet"), "test")
        features = FeatureCache.open(Path(f"data/features/{target}"))
        gold = [sample.tags for sample in samples]
        by_seed = {}
        for seed in params.seeds:
            predictions, _ = predict_corpus(Path(f"models/{source}/{seed}"), samples, features, params, seed=seed)
            by_seed[seed] = score_seed(gold, predictions)
        summary = summarise(by_seed, len(samples))
    # What the transfer costs, against models trained on the target itself.
    summary["reference"] = {
        "source_f1": own[source]["span"]["f1"],
        "target_f1": own[target]["span"]["f1"],
        "drop": own[target]["span"]["f1"] - summary["span"]["f1"],
    }
    write_json(Path(f"metrics/transfer/{source}-{target}.json"), summary)
    print(f"{source} -> {target}: test span F1 {summary['span']['f1']:.4f}")


if __name__ == "__main__":
    run_stage(main, takes=["source", "target"], description=__doc__)
