"""The training loop, top to bottom."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from tandem.files import atomic_path
from tandem.models.base import Batch
from tandem.models.build import PictureDims, build_model, save_description, save_weights
from tandem.models.captions import captions_for
from tandem.models.data import Dataset
from tandem.models.predict import predict
from tandem.models.runtime import pick_runtime
from tandem.params import TandemParams
from tandem.progress import progress as with_bar
from tandem.tasks import Task, task_of
from tandem.training.memory import keep_freed_memory
from tandem.training.optimizer import build_optimizer
from tandem.training.sampling import epoch_batches, inverse_frequency
from tandem.training.state import Progress, StateStore
from tandem.training.tables import keep_table_gradients
from tandem.trees import find
from tandem.vision.cache import FeatureCache

Report = Callable[[dict[str, float]], None]


def prepared_path(corpus: str) -> Path:
    """The table that a corpus is trained on."""
    return Path(f"data/prepared/{corpus}.parquet")


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """What a training reads; the test split is not among it."""

    corpus: str
    task: Task
    labels: list[str]  # the classes of the model
    train: Sequence[Any]  # rows of the task's prepared table
    valid: Sequence[Any]
    features: FeatureCache

    @classmethod
    def open(cls, corpus: str, params: TandemParams, features: FeatureCache) -> TrainingData:
        """Read what prepare wrote. Errors: `ValueError` naming the file and the remedy."""
        prepared = prepared_path(corpus)
        task = task_of(params.corpus(corpus).task)
        rows = task.read(prepared, "train")
        labels, valid = task.labels(prepared, rows), task.read(prepared, "valid")
        return cls(corpus=corpus, task=task, labels=labels, train=rows, valid=valid, features=features)


def train(  # noqa: PLR0915 (one loop, read from top to bottom)
    params: TandemParams, data: TrainingData, *, seed: int, out: Path, store: StateStore, report: Report | None = None
) -> dict[str, Any]:
    """Train one model and write its best checkpoint to the folder `out`.

    `report` is called with a row of numbers after every epoch, and again for the finished ones when a training goes
    on after a kill. Returns what `tandem.json` says about the training. The best epoch is the one with the highest F1
    on the validation split: the task's headline, for entities that of seqeval's default mode, or with
    `train.select_by: weighted` the mean over the types by their support (`valid_weighted_f1` of a row).
    """
    if not data.train or not data.valid:
        raise ValueError(f"{data.corpus}: needs sentences in both the train and the valid split")
    knobs, task = params.train, data.task
    scratch = params.text.encoder == "scratch"
    runtime = pick_runtime(device=knobs.device, precision=knobs.precision, threads=knobs.threads, small=scratch)
    torch.manual_seed(seed)
    dims = PictureDims(data.features.pooled_dim, data.features.region_dim)
    model, tokenizer = build_model(params, task, data.labels, dims)
    model.to(runtime.device)
    keep_table_gradients(model)
    if runtime.device.type == "cpu":
        keep_freed_memory()

    regions = model.reads_regions
    views = data.features.views if model.fusion.uses_picture else 0
    reading: dict[str, Any] = {"tokenizer": tokenizer, "features": data.features, "with_regions": regions}
    training = task.dataset(data.train, labels=data.labels, captions=captions_for(model.fusion, data.train), **reading)
    validation = task.dataset(data.valid, captions=captions_for(model.fusion, data.valid), **reading)
    gold = task.gold(data.valid)
    weights = inverse_frequency(task.classes(data.train)) if knobs.sampling == "inverse_frequency" else None

    steps = -(-len(training) // knobs.batch_size) * knobs.epochs
    text_rate = params.text.scratch.learning_rate if scratch else knobs.learning_rate
    optimizer, schedule = build_optimizer(model, knobs, text_rate, steps)

    stateful: dict[str, Any] = {"model": model, "optimizer": optimizer, "schedule": schedule}
    progress = store.load(stateful) or Progress()
    for row in progress.history:
        _tell(report, row)

    while progress.epoch < knobs.epochs and not progress.exhausted(knobs.patience):
        epoch = progress.epoch + 1
        batches = epoch_batches(training.costs, batch_size=knobs.batch_size, seed=seed, epoch=epoch, weights=weights)
        model.train()
        total = torch.zeros((), device=runtime.device)
        title = f"{data.corpus} seed {seed} epoch {epoch}/{knobs.epochs}"
        for rows in with_bar(batches, title, total=len(batches), unit="step"):
            # One part, but for long documents, whose gradients are summed over several.
            parts = [_augmented(training, part, params, views) for part in training.parts(rows)]
            items = [model.loss_items(part) for part in parts]
            optimizer.zero_grad(set_to_none=True)
            for part, count in zip(parts, items, strict=True):
                with runtime.autocast():
                    loss = model.loss(part.to(runtime.device)) * (count / sum(items))
                loss.backward()
                total += loss.detach()
            torch.nn.utils.clip_grad_norm_(model.parameters(), knobs.clip_norm)
            optimizer.step()
            schedule.step()
        mean_loss = float(total) / len(batches)
        if not torch.isfinite(total):
            raise ValueError(f"{data.corpus} seed {seed}: the loss is {mean_loss} in epoch {epoch}; lower the rates")

        predicted = predict(
            model, validation, runtime, batch_size=knobs.eval_batch_size, description=f"{data.corpus} validation"
        )
        tree = task.score(gold, predicted)
        scores = tree[task.headline]
        progress.epoch = epoch
        row = {
            "epoch": epoch,
            "loss": mean_loss,
            "valid_f1": scores["f1"],
            "valid_precision": scores["precision"],
            "valid_recall": scores["recall"],
            "learning_rate": float(schedule.get_last_lr()[0]),
        }
        deciding = scores["f1"]
        if knobs.select_by == "weighted":
            deciding = row["valid_weighted_f1"] = find(tree, tuple(task.weighted.split(".")))
        progress.history.append(row)
        # While nothing is found (small corpora, many types) the later epoch is the better guess.
        if deciding > progress.best or deciding == 0.0 == progress.best:
            progress.best, progress.best_epoch = deciding, epoch
            save_weights(model, store.best)  # a copy on disk: training goes on changing the live weights
        store.save(progress, {name: part.state_dict() for name, part in stateful.items()})
        _tell(report, row)

    about = {
        "corpus": data.corpus,
        "seed": seed,
        "valid": {f"{task.headline}_f1": progress.history[progress.best_epoch - 1]["valid_f1"]},
        "best_epoch": progress.best_epoch,
        "epochs": progress.epoch,
        "precision": "bfloat16" if runtime.autocast_dtype else "float32",
        "device": runtime.device.type,
    }
    with atomic_path(out) as temporary:
        temporary.mkdir()
        save_description(temporary, model, tokenizer, params, task, dims, about)
        shutil.copyfile(store.best, temporary / "model.safetensors")
        if out.exists():
            shutil.rmtree(out)
    store.clear()
    return about


def _augmented(data: Dataset, rows: Sequence[int], params: TandemParams, views: int) -> Batch:
    """The given rows with some words and some pictures (and with them their captions) hidden, as the knobs say.

    With `views`, each picture is the plain one or one of its augmented views, all equally likely.
    """
    hidden, words = params.train.image_dropout, params.text.word_dropout
    shown = torch.rand(len(rows)) >= hidden if hidden else None
    batch = data.batch(rows, shown, torch.randint(views + 1, (len(rows),)) if views else None)
    return replace(batch, text=data.tokenizer.drop_words(batch.text, words)) if words else batch


def _tell(report: Report | None, row: dict[str, float]) -> None:
    if report is not None:
        report(row)
