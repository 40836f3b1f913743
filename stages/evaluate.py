"""Score a corpus's models on its test split: metrics/evaluate/<corpus>.json and data/predictions/<corpus>."""

from pathlib import Path

from tandem.corpora.schema import read_samples
from tandem.evaluation.summary import score_seed, summarise
from tandem.files import write_json
from tandem.inference.corpus import predict_corpus, write_predictions
from tandem.params import TandemParams
from tandem.stage import run_stage
from tandem.vision.cache import FeatureCache


def main(params: TandemParams, corpus: str) -> None:
    samples = read_samples(Path(f"data/prepared/{corpus}.parquet"), "test")
    features = FeatureCache.open(Path(f"data/features/{corpus}"))
    gold = [sample.tags for sample in samples]
    by_seed = {}
    for seed in params.seeds:
        predictions, trained = predict_corpus(Path(f"models/{corpus}/{seed}"), samples, features, params, seed=seed)
        write_predictions(Path(f"data/predictions/{corpus}/{seed}.parquet"), samples, predictions)
        by_seed[seed] = score_seed(gold, predictions, trained.about["valid"]["span_f1"])
    summary = summarise(by_seed, len(samples))
    write_json(Path(f"metrics/evaluate/{corpus}.json"), summary)
    deviation = summary["std"]["span"]["f1"]
    print(f"{corpus}: test span F1 {summary['span']['f1']:.4f} ± {deviation:.4f} over {len(by_seed)} seed(s)")


if __name__ == "__main__":
    run_stage(main, takes=["corpus"], description=__doc__)
