"""One training epoch of Tandem's loop against transformers' Trainer and against the loop of published one-off scripts.

    python benchmarks/train.py [--text minilm] [--vision torchvision/resnet50] [--sentences 128] [--out train.json]

All train the same modules (a random BERT, the fusion, an MLP head, softmax) on the same made-up sentences, as long as
those of Twitter-2017 (mean 15.7 words, 20 sub-words), with batches of the same size, on the same machine, in turns:

- tandem: `tandem.training.loop.train`; features from the cache, batches of like lengths. Its time has the validation of
  a few sentences and the saving of the best weights in it, which the others do without.
- trainer: transformers' Trainer (needs accelerate) with the same features and precision, and random batches, each
  padded to its longest sentence. trainer_grouped: the same with Trainer's own grouping by length.
- published: what one-off scripts of the field do. Every sentence is padded to 128 sub-words, in float32, and every step
  opens its pictures again and passes them through the frozen encoder; AdamW as torch makes it.

Prints the medians over the turns in seconds an epoch, and how many times as long as Tandem's the others take; the last
line is the same as JSON. What Tandem pays once, before any training, is `extract_seconds`. `--vision caption` makes up
captions instead of pictures; `--text tiny --vision pixels --sentences 8 --repeats 1` shows within seconds that it runs.
Beside other work give `--threads 1`: threads that wait for each other on busy cores measure nothing.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from made_up import SIZES, TYPES, make_bert, make_pictures, make_rows
from tandem.corpora.labels import label_set
from tandem.corpora.schema import Sample
from tandem.files import write_json
from tandem.fusion.base import Picture
from tandem.models.base import IGNORE, Batch, FusedModel
from tandem.models.build import PictureDims, build_model
from tandem.models.runtime import pick_runtime
from tandem.params import TandemParams, parse_params
from tandem.tasks import NER
from tandem.training.loop import TrainingData, train
from tandem.training.state import StateStore
from tandem.vision.cache import FeatureCache
from tandem.vision.encoder import Encoder
from tandem.vision.extract import extract
from tandem.vision.registry import load_encoder

PADDED = 128  # sub-words, of the published loop
VALID = 8  # sentences
WARM = 1  # epochs before the one that is timed


@dataclass(frozen=True)
class Work:
    """What every loop is given."""

    params: TandemParams
    data: TrainingData
    pictures: dict[str, str]  # image id -> file, or caption
    vision: Encoder
    folder: Path

    @property
    def dims(self) -> PictureDims:
        """Widths of the picture features."""
        return PictureDims(self.data.features.pooled_dim, self.data.features.region_dim)

    def model(self) -> tuple[FusedModel, Any]:
        """A fresh model and its tokenizer, the same every time."""
        torch.manual_seed(0)
        return build_model(self.params, NER, self.data.labels, self.dims)


def make_work(folder: Path, given: argparse.Namespace) -> tuple[Work, float]:
    """Corpus, checkpoint and picture features, and how many seconds the features took."""
    vocabulary = make_bert(folder / "bert", given.text)
    train_rows, valid = (
        make_rows(split, count, vocabulary) for split, count in (("train", given.sentences), ("valid", VALID))
    )
    weights = "none" if given.vision.startswith(("torchvision/", "open_clip/", "timm/")) else None
    params = parse_params(
        {
            "fusion": given.fusion,
            "decoder": "softmax",
            "datasets": ["made_up"],
            "seeds": [1],
            "corpora": {"made_up": {"format": "twitter"}},
            "text": {"encoder": str(folder / "bert"), "max_length": PADDED, "dropout": 0.1},
            "vision": {"encoder": given.vision, "weights": weights, "caption_encoder": str(folder / "bert")},
            "head": {"kind": "mlp"},
            "train": {
                "epochs": WARM + 1,
                "batch_size": given.batch_size,
                "precision": given.precision,
                "device": given.device,
                "threads": given.threads,
                "image_dropout": 0.0,
                "resume": False,
            },
        }
    )
    captions = vocabulary if given.vision == "caption" else None
    frame = make_pictures(folder, [*train_rows, *valid], captions)
    started = time.perf_counter()
    extract(frame, folder / "features", params.vision, folder / "store")
    seconds = time.perf_counter() - started
    data = TrainingData(
        corpus="made_up",
        task=NER,
        labels=label_set(list(TYPES)),
        train=train_rows,
        valid=valid,
        features=FeatureCache.open(folder / "features"),
    )
    sources = frame["image_path" if captions is None else "caption"]
    pictures = dict(zip(frame["image_id"], sources, strict=True))
    return Work(params, data, pictures, load_encoder(params.vision), folder), seconds


def runtime_of(work: Work) -> Any:
    """Device and precision as Tandem picks them."""
    knobs = work.params.train
    return pick_runtime(device=knobs.device, precision=knobs.precision, threads=knobs.threads, small=False)


def now() -> float:
    """Seconds, once the device has done what it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def tandem_epoch(work: Work) -> float:
    """Seconds between the ends of the first epoch and of the second."""
    ends: list[float] = []
    store = StateStore(work.folder / "state", enabled=False)
    train(work.params, work.data, seed=1, out=work.folder / "model", store=store, report=lambda row: ends.append(now()))
    return ends[WARM] - ends[WARM - 1]


class Wrapped(nn.Module):
    """A model of Tandem as Trainer calls one."""

    def __init__(self, model: FusedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """The loss of a batch."""
        return {"loss": self.model.loss(batch.to(next(self.parameters()).device))}


def trainer_epoch(work: Work, sampling: str) -> float:
    """Seconds of the second epoch of transformers' Trainer, with random batches or with those of like lengths."""
    runtime, knobs = runtime_of(work), work.params.train
    model, tokenizer = work.model()
    regions = model.fusion.uses_regions
    dataset = NER.dataset(
        work.data.train,
        tokenizer=tokenizer,
        features=work.data.features,
        labels=work.data.labels,
        with_regions=regions,
    )
    times: dict[str, list[float]] = {"begin": [], "end": []}

    class Clock(transformers.TrainerCallback):
        def on_epoch_begin(self, *_: Any, **__: Any) -> None:
            times["begin"].append(now())

        def on_epoch_end(self, *_: Any, **__: Any) -> None:
            times["end"].append(now())

    settings = transformers.TrainingArguments(
        output_dir=str(work.folder / "trainer"),
        num_train_epochs=WARM + 1,
        per_device_train_batch_size=knobs.batch_size,
        learning_rate=knobs.learning_rate,
        max_grad_norm=knobs.clip_norm,
        train_sampling_strategy=sampling,
        bf16=runtime.autocast_dtype is torch.bfloat16,
        use_cpu=runtime.device.type == "cpu",
        remove_unused_columns=False,
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    trainer = transformers.Trainer(
        model=Wrapped(model),
        args=settings,
        train_dataset=[{"row": row, "input_ids": [0] * cost} for row, cost in enumerate(dataset.costs)],
        data_collator=lambda items: {"batch": dataset.batch([item["row"] for item in items])},
        callbacks=[Clock()],
    )
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train()
    return times["end"][WARM] - times["begin"][WARM]


class Published(nn.Module):
    """The modules of a model of Tandem over padded sub-words, with the vision encoder before them."""

    def __init__(self, model: FusedModel, vision: Encoder) -> None:
        super().__init__()
        self.bert: Any = model.text.model
        self.dropout, self.fusion, self.head = model.dropout, model.fusion, model.head
        self.vision = vision

    def loss(self, ids: Tensor, mask: Tensor, labels: Tensor, pixels: Tensor) -> Tensor:
        """ids, mask, labels: (B, 128). pixels: what the vision encoder takes."""
        hidden = self.dropout(self.bert(input_ids=ids, attention_mask=mask).last_hidden_state)
        with torch.no_grad():
            pooled, regions, lengths = self.vision(pixels)
        known = torch.arange(regions.shape[1], device=ids.device) < lengths[:, None]
        present = torch.ones(len(ids), dtype=torch.bool, device=ids.device)
        picture = Picture(pooled=pooled, regions=regions, region_mask=known, present=present)
        scores = self.head(self.fusion(hidden, mask.bool(), picture))
        return functional.cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=IGNORE)


def published_batches(work: Work, tokenizer: Any) -> Iterator[list[Tensor]]:
    """Ids, mask, labels and pixels of one epoch, made anew from words and files."""
    numbers = {label: number for number, label in enumerate(work.data.labels)}

    def load(rows: list[Sample]) -> list[Tensor]:
        text = tokenizer(
            [row.words for row in rows],
            is_split_into_words=True,
            padding="max_length",
            truncation=True,
            max_length=PADDED,
            return_tensors="pt",
        )
        labels = torch.full_like(text["input_ids"], IGNORE)
        for number, row in enumerate(rows):
            owners = text.word_ids(number)
            for place, owner in enumerate(owners):
                if owner is not None and owner != owners[place - 1]:
                    labels[number, place] = numbers[row.tags[owner]]
        vision = work.vision
        sources = [work.pictures[row.id] for row in rows]
        items = sources if vision.source == "caption" else [Image.open(path).convert("RGB") for path in sources]
        pixels = vision.collate([vision.preprocess(item) for item in items])
        return [text["input_ids"], text["attention_mask"], labels, pixels]

    size = work.params.train.batch_size
    yield from DataLoader(work.data.train, batch_size=size, shuffle=True, collate_fn=load)


def published_epoch(work: Work) -> float:
    """Seconds of an epoch after a first step."""
    knobs, place = work.params.train, runtime_of(work).device
    model, words = work.model()
    loop = Published(model, work.vision).to(place).train()
    loop.vision.eval()
    trained = [parameter for parameter in loop.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=knobs.learning_rate, weight_decay=knobs.weight_decay)

    def steps(batches: Iterator[list[Tensor]]) -> float:
        total = 0.0
        for batch in batches:
            loss = loop.loss(*(part.to(place) for part in batch))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(trained, knobs.clip_norm)
            optimizer.step()
            total += loss.item()
        return total

    tokenizer = words.tokenizer
    steps(itertools.islice(published_batches(work, tokenizer), 1))
    started = now()
    steps(published_batches(work, tokenizer))
    return now() - started


def loops() -> dict[str, Callable[[Work], float]]:
    """The loops by name, without Trainer where accelerate is not installed."""
    found: dict[str, Callable[[Work], float]] = {"tandem": tandem_epoch}
    if transformers.utils.is_accelerate_available():
        found["trainer"] = lambda work: trainer_epoch(work, "random")
        found["trainer_grouped"] = lambda work: trainer_epoch(work, "group_by_length")
    else:
        print("trainer: left out; `pip install accelerate` brings what transformers' Trainer needs")
    return {**found, "published": published_epoch}


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", choices=SIZES, default="minilm", help="size of the random BERT")
    parser.add_argument("--vision", default="torchvision/resnet50", help="as vision.encoder; weights are random")
    parser.add_argument("--fusion", default="film")
    parser.add_argument("--sentences", type=int, default=128)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--precision", default="auto", help="of tandem and trainer; published is float32")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3, help="turns; medians are reported")
    parser.add_argument("--out", type=Path, help="where to write the numbers as JSON")
    given = parser.parse_args()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as name:
        work, extract_seconds = make_work(Path(name), given)
        runtime = runtime_of(work)
        model, _ = work.model()
        found = loops()
        times: dict[str, list[float]] = {key: [] for key in found}
        for _ in range(given.repeats):
            for key, loop in found.items():
                times[key].append(loop(work))
    epochs = {key: statistics.median(seconds) for key, seconds in times.items()}
    ratios = {
        key: [theirs / ours for theirs, ours in zip(seconds, times["tandem"], strict=True)]
        for key, seconds in times.items()
        if key != "tandem"
    }
    result = {
        **{key: getattr(given, key) for key in ("text", "vision", "fusion", "sentences", "batch_size", "repeats")},
        "device": runtime.device.type,
        "precision": "bfloat16" if runtime.autocast_dtype else "float32",
        "threads": torch.get_num_threads(),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "extract_seconds": round(extract_seconds, 2),
        "epoch_seconds": {key: round(seconds, 3) for key, seconds in epochs.items()},
        "ratio": {key: round(statistics.median(values), 2) for key, values in ratios.items()},
        "ratio_lowest": {key: round(min(values), 2) for key, values in ratios.items()},
        "ratio_highest": {key: round(max(values), 2) for key, values in ratios.items()},
    }
    print(
        f"{result['parameters']:,} parameters, {result['device']}, {result['precision']}, {result['threads']} threads; "
        f"features once: {extract_seconds:.1f} s"
    )
    for key, seconds in epochs.items():
        told = "" if key == "tandem" else f"  x{result['ratio'][key]:5.2f} of tandem's time"
        print(f"{key:16} {seconds:8.2f} s an epoch  {given.sentences / seconds:7.1f} sentences a second{told}")
    print(json.dumps(result))
    if given.out is not None:
        write_json(given.out, result)


if __name__ == "__main__":
    main()
