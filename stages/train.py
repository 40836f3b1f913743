"""Train one model: models/<corpus>/<seed>, with live metrics in plots/train/<corpus>/<seed>."""

from pathlib import Path

from tandem.params import TandemParams
from tandem.stage import run_stage
from tandem.training.live import live_report
from tandem.training.loop import TrainingData, prepared_path, train
from tandem.training.state import StateStore, run_key
from tandem.vision.cache import FeatureCache
from tandem.weights import fingerprint


def main(params: TandemParams, corpus: str, seed: int) -> None:
    features = Path(f"data/features/{corpus}")
    data = TrainingData.open(corpus, params, FeatureCache.open(features))
    task = data.task
    tree = params.model_dump(mode="json", include={"fusion", "text", "head", "train"}) | task.knobs(params)
    knobs = {**tree, "fusion_knobs": params.fusion_knobs.model_dump(mode="json"), "seed": seed, "corpus": corpus}
    files = [prepared_path(corpus), features / "pooled.parquet", features / "features.json"]
    weights = "" if params.text.encoder == "scratch" else fingerprint(params.text.encoder)
    key = run_key(knobs=knobs, files=files, weights=weights)
    store = StateStore(Path("data/cache/train") / key, enabled=params.train.resume)
    with live_report(Path(f"plots/train/{corpus}/{seed}"), task.title) as report:
        about = train(params, data, seed=seed, out=Path(f"models/{corpus}/{seed}"), store=store, report=report)
    best = about["valid"][f"{task.headline}_f1"]
    print(f"{corpus} seed {seed}: validation {task.title} {best:.4f} in epoch {about['best_epoch']}")


if __name__ == "__main__":
    run_stage(main, takes=["corpus", "seed"], description=__doc__)
