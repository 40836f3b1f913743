"""The pipeline's own stages, run for the systems of a study.

studies/corpora/runs/          the pipeline's folder for link and prepare: params.yaml, data/links, data/prepared
studies/<table>/runs/<system>/ its folder for train, evaluate and transfer of one system
  system.yaml                  the parameters that decide its models: what training depends on
  {train,evaluate,transfer}.json   the source files that each of these uses, by hash: likewise
  params.yaml                  system.yaml with corpora, seeds and machine: what the stage scripts read
  data/, models/, metrics/     as in the project's root
data/cache/features/           finished shards, the project's: no picture is encoded twice
data/cache/studies/            features of a corpus put together, by encoder: shared by systems and studies
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock

from tandem.corpora.schema import read_image_ids, read_pictures
from tandem.files import atomic_path, home, sha256_of, write_json, write_text
from tandem.fusion import STRATEGIES
from tandem.params import TandemParams, parse_params
from tandem.params.vision import VisionParams
from tandem.sources import code_hashes
from tandem.studies.counts import count_predictions, write_counts
from tandem.studies.spec import Study, complete, model_tree, project_tree, read_study
from tandem.vision.extract import encoder_key, extract
from tandem.vision.registry import encoder_module, trained_identity
from tandem.vision.shortage import no_pictures

# Of `vision`: they decide how long extraction takes, not what comes out.
PACE = ("batch_size", "workers")


@dataclass(frozen=True)
class Driver:
    """Runs the stages of the study in `folder`, of the project in `root`."""

    root: Path
    folder: Path

    @property
    def corpora(self) -> Path:
        """Where corpora are linked and prepared, for all studies."""
        return self.root / "studies/corpora/runs"

    def study(self) -> Study:
        """The study."""
        return read_study(self.folder)

    def folder_of(self, system: str) -> Path:
        """The folder of a system."""
        return self.folder / "runs" / system

    def corpus(self, stage: str, corpus: str) -> None:
        """Link or prepare a corpus for all studies."""
        write_yaml(self.corpora / "params.yaml", project_tree(self.root) | {"datasets": [corpus]})
        self._script(stage, corpus, folder=self.corpora)

    def resolve(self, system: str) -> None:
        """Write system.yaml of a system, and the source files of its stages."""
        params, folder = self.study().parameters(system, self.root), self.folder_of(system)
        write_yaml(folder / "system.yaml", model_tree(params))
        modules = [STRATEGIES[params.fusion].partition(":")[0], encoder_module(params.vision.family)]
        for stage in ("train", "evaluate", "transfer"):  # each extracts what it finds missing
            scripts = [self.root / f"stages/{script}.py" for script in (stage, "extract")]
            write_json(folder / f"{stage}.json", code_hashes(scripts, modules, self.root))

    def train(self, system: str, corpus: str, seed: str) -> None:
        """Train a system on a corpus."""
        self._stage(system, [corpus], "train", corpus, seed)

    def evaluate(self, system: str, corpus: str) -> None:
        """Score a system on a corpus: results/<system>/<corpus>.json, counts/… and predictions/<system>/<corpus>."""
        self._stage(system, [corpus], "evaluate", corpus)
        made = self.folder_of(system) / f"metrics/evaluate/{corpus}.json"
        scores = json.loads(made.read_text(encoding="utf-8")) | {"weights": self.study().weights}
        write_json(self.folder / f"results/{system}/{corpus}.json", scores)
        counts = {}
        for seed in self.study().seeds:
            name = f"{corpus}/{seed}.parquet"
            self._keep(system, f"data/predictions/{name}", f"predictions/{system}/{name}")
            counts[seed] = count_predictions(self.folder / f"predictions/{system}/{name}")
        write_counts(self.folder / f"counts/{system}/{corpus}.csv", counts)

    def transfer(self, system: str, source: str, target: str) -> None:
        """Score a system of one corpus on another: transfer/<system>/<source>-<target>.json."""
        for corpus in {source, target}:  # DVC may have brought back the results alone
            made = self.folder_of(system) / f"metrics/evaluate/{corpus}.json"
            link(made, self.folder / f"results/{system}/{corpus}.json")
        self._stage(system, [source, target], "transfer", source, target)
        self._keep(system, f"metrics/transfer/{source}-{target}.json", f"transfer/{system}/{source}-{target}.json")

    def _keep(self, system: str, made: str, target: str) -> None:
        with atomic_path(self.folder / target) as temporary:
            shutil.copyfile(self.folder_of(system) / made, temporary)

    def _stage(self, system: str, corpora: list[str], stage: str, *arguments: str) -> None:
        folder = self.folder_of(system)
        resolved = yaml.safe_load((folder / "system.yaml").read_text(encoding="utf-8"))
        tree = complete(resolved, self.study(), self.root)
        write_yaml(folder / "params.yaml", tree)
        params = parse_params(tree, f"{folder / 'params.yaml'}")
        for corpus in corpora:
            prepared = self.corpora / f"data/prepared/{corpus}.parquet"
            link(folder / f"data/prepared/{corpus}.parquet", prepared)
            link(folder / f"data/features/{corpus}", self._features(params, corpus, prepared))
        self._script(stage, *arguments, folder=folder)

    def _features(self, params: TandemParams, corpus: str, prepared: Path) -> Path:
        """The folder with the features of a corpus, extracted now unless some system has had the same."""
        # The project itself, also from a queued experiment's workspace, which goes away.
        cache = home(self.root) / "data/cache"
        folder = cache / "studies" / features_key(params.vision, self.root) / f"{corpus}-{sha256_of(prepared)[:12]}"
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):  # systems may train side by side
            if not folder.is_dir():  # `extract` renames it there when it is whole
                pictures, train_ids = read_pictures(prepared), read_image_ids(prepared, "train")
                with contextlib.chdir(self.corpora):  # the table names pictures as seen from there
                    counts = extract(pictures, folder, params.vision, cache / "features", train_ids)["counts"]
                if not counts["ok"]:
                    print(no_pictures(params, corpus, counts), file=sys.stderr)
        return folder

    def _script(self, stage: str, *arguments: str, folder: Path) -> None:
        """Run a stage script of the pipeline. Errors: `ChildProcessError`; what went wrong stands on its own stderr."""
        environment = os.environ | {"PYTHONPATH": f"{self.root / 'src'}:{os.environ.get('PYTHONPATH', '')}"}
        command = [sys.executable, str(self.root / f"stages/{stage}.py"), *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, check=False)
        if done.returncode:
            raise ChildProcessError(f"{stage} {' '.join(arguments)} failed in {folder.relative_to(self.root)}")


def features_key(vision: VisionParams, root: Path) -> str:
    """Name of the folder of all corpora's features by an encoder, different for all that may give others.

    That is the knobs, the weights, and the code that runs between a picture and its features.
    """
    knobs = {key: value for key, value in vision.model_dump(mode="json").items() if key not in PACE}
    code = code_hashes([root / "stages/extract.py"], [encoder_module(vision.family)], root)
    trained = trained_identity(vision) if vision.train else None
    stored = encoder_key(vision.extracted)
    digest = hashlib.sha256(json.dumps([knobs, code, trained, stored], sort_keys=True).encode()).hexdigest()[:12]
    return f"{stored}-{digest}"


def link(path: Path, target: Path) -> None:
    """Point `path` at `target`, whatever it pointed at before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.symlink_to(target, target_is_directory=target.is_dir())
    temporary.replace(path)


def write_yaml(path: Path, tree: dict[str, Any]) -> None:
    """Write a tree with its keys in order."""
    write_text(path, yaml.safe_dump(tree, sort_keys=False, allow_unicode=True))
