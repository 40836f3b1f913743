"""Speed of reading a corpus with its pictures and under all controls, against reading it once for each of them.

A random BERT with made-up sentences as long as those of Twitter-2017, and captions for pictures. `together` is what
evaluation does: the words of a batch are encoded once for all conditions. The baseline, `apart`, is the same reader
asked for one condition after the other, as a script would that calls its model once a control. `once` reads the own
pictures alone: what it takes less than `together` is the price of the controls. Times are those of the processor,
medians over turns; what both say is checked to be equal. The last line is the same as JSON.

    python benchmarks/evaluate.py [--text minilm] [--fusion gated] [--sentences 512] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
import transformers

from made_up import SIZES, TYPES, make_bert, make_pictures, make_rows
from tandem.corpora.labels import label_set
from tandem.evaluation.controls import conditions
from tandem.inference.held_out import HeldOut
from tandem.inference.runner import Predictions, Runner
from tandem.models.build import PictureDims, build_model, save_description, save_weights
from tandem.params import parse_params
from tandem.tasks import NER
from tandem.vision.cache import FeatureCache
from tandem.vision.extract import extract


def make_runner(folder: Path, given: argparse.Namespace) -> tuple[Runner, HeldOut]:
    """A model that was never trained, with rows for it."""
    vocabulary = make_bert(folder / "bert", given.text)
    rows = make_rows("test", given.sentences, vocabulary)
    params = parse_params(
        {
            "fusion": given.fusion,
            "datasets": ["made_up"],
            "seeds": [1],
            "corpora": {"made_up": {"format": "twitter"}},
            "text": {"encoder": str(folder / "bert")},
            "vision": {"encoder": "caption", "caption_encoder": str(folder / "bert")},
            "train": {"device": "cpu", "threads": 1},
        }
    )
    extract(make_pictures(folder, rows, vocabulary), folder / "features", params.vision, folder / "store")
    features = FeatureCache.open(folder / "features")
    torch.manual_seed(0)
    dims = PictureDims(features.pooled_dim, features.region_dim)
    model, tokenizer = build_model(params, NER, label_set(list(TYPES)), dims)
    about = {"seed": 1, "valid": {"span_f1": 0.0}}
    save_description(folder / "model", model, tokenizer, params, NER, dims, about)
    save_weights(model, folder / "model/model.safetensors")
    held_out = HeldOut("made_up", NER, rows, features)
    return Runner(folder / "model", held_out, params), held_out


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", choices=SIZES, default="minilm", help="size of the random BERT")
    parser.add_argument("--fusion", default="gated")
    parser.add_argument("--sentences", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as name:
        runner, held_out = make_runner(Path(name), given)
        shown = conditions(runner.pictures_of(held_out.samples), seed=1)

        def apart() -> Predictions:
            found: Predictions = {}
            for condition, pictures in shown.items():
                found |= runner.predict(held_out.samples, {condition: pictures})
            return found

        calls: dict[str, Callable[[], Predictions]] = {
            "together": lambda: runner.predict(held_out.samples, shown),
            "apart": apart,
            "once": lambda: runner.predict(held_out.samples, {"predicted": shown["predicted"]}),
        }
        if calls["together"]() != calls["apart"]():
            raise SystemExit("error: together and apart say different things")
        taken: dict[str, list[float]] = {key: [] for key in calls}
        for _ in range(given.rounds):
            for key, call in calls.items():
                start = time.process_time()
                call()
                taken[key].append(time.process_time() - start)
    seconds = {key: statistics.median(values) for key, values in taken.items()}
    ratios = {key: seconds[key] / seconds["together"] for key in ("apart", "once")}
    for key, value in seconds.items():
        told = f"  x{ratios[key]:.2f} of together's time" if key in ratios else ""
        print(f"{key:9} {value:7.2f} s for {given.sentences} sentences{told}")
    result = {**{key: getattr(given, key) for key in ("text", "fusion", "sentences", "rounds")}}
    print(json.dumps({**result, "conditions": len(shown), "seconds": seconds, "ratio": ratios}))


if __name__ == "__main__":
    main()
