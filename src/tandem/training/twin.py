"""The twins of a corpus's models: text_only, with the same seeds, text encoder, head, decoder and training.

Nothing of them depends on the strategy that they are compared with, nor on a picture. Finished twins are kept under a
name for all that decides them, so that a further seed, or a stage that runs again, trains only what is not there, and
never takes what is of other knobs, data or code.

data/cache/twins/<corpus>/<key>/<seed>/   a finished twin; `<seed>.state/`, one that was killed on the way
data/twins/<corpus>/<seed>/               the same files, for the pipeline
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

import tandem.fusion
import tandem.fusion.text_only
from tandem.files import atomic_path, home
from tandem.params import TandemParams
from tandem.params.vision import VisionParams
from tandem.sources import reached
from tandem.training.loop import TrainingData, prepared_path, train
from tandem.training.state import StateStore, run_key
from tandem.vision.cache import FeatureCache
from tandem.weights import fingerprint


@dataclass(frozen=True)
class Twins:
    """What became of each seed: validation F1 of those that were trained now, and those that were there."""

    trained: dict[int, float]
    kept: list[int]


def twin_params(params: TandemParams) -> TandemParams:
    """The parameters of a twin: those of strategies and of pictures have their defaults, whatever the run's are."""
    return params.model_copy(update={"fusion": "text_only", "fusions": {}, "vision": VisionParams()})


def train_twins(params: TandemParams, corpus: str, out: Path) -> Twins:
    """Write the twins of all of `seeds` to the folder `out`, in place of what was there.

    Processes side by side (queued experiments) that need the same twins wait for each other.
    """
    own = twin_params(params)
    data = TrainingData.open(corpus, own, FeatureCache.empty())
    # The project itself, also from a queued experiment's workspace, which goes away.
    folder = home(Path()) / "data/cache/twins" / corpus / _key(own, data)
    folder.mkdir(parents=True, exist_ok=True)
    trained, kept = {}, []
    with FileLock(f"{folder}.lock"):
        for seed in params.seeds:
            if (folder / str(seed)).is_dir():  # the training renames it there when it is whole
                kept.append(seed)
                continue
            store = StateStore(folder / f"{seed}.state", enabled=own.train.resume)
            about = train(own, data, seed=seed, out=folder / str(seed), store=store)
            trained[seed] = about["valid"][f"{data.task.headline}_f1"]
        with atomic_path(out) as temporary:
            for seed in params.seeds:
                shutil.copytree(folder / str(seed), temporary / str(seed), copy_function=_link)
            if out.exists():
                shutil.rmtree(out)
    return Twins(trained, kept)


def twin_code() -> list[Path]:
    """The source files that decide a twin: those of the training, but of the strategies text_only's alone."""
    registry, strategy = Path(tandem.fusion.__file__), Path(tandem.fusion.text_only.__file__)
    return [registry, *reached([Path(__file__), strategy], Path(__file__).parents[2])]


def _key(own: TandemParams, data: TrainingData) -> str:
    knobs = own.model_dump(mode="json", include={"text", "head", "train"}) | data.task.knobs(own)
    weights = "" if own.text.encoder == "scratch" else fingerprint(own.text.encoder)
    return run_key(knobs=knobs, files=[prepared_path(data.corpus)], weights=weights, code=twin_code())


def _link(source: str, target: str) -> None:
    """Give a file a second name, for weights are large; on another disk copy it. Nobody writes into these files."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
