"""README.md of an exported model: what it is, what it was trained and tested on, how to use it, what it cannot do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tandem.exporting.graph import AXES, Input
from tandem.inference.reader import reads
from tandem.models.build import Trained

HEADLINE = {"ner": "span", "re": "relation"}
CLASSES = {"ner": "per_type", "re": "per_relation"}
WHAT = {
    "ner": "finds named entities in social-media posts, reading the text and the picture",
    "re": "says how two named entities of a social-media post are related, reading the text and the picture",
}
PIPELINE = {"ner": "token-classification", "re": "text-classification"}
TASK = {"ner": "Named entity recognition", "re": "Relation extraction"}
ENGLISH = ("embedded", "Twitter-2015", "Twitter-2017", "MNRE")  # how the names of releases in one language begin


@dataclass(frozen=True)
class Results:
    """What the project that a model comes from says of it; empty where it says nothing.

    data: metrics/data of the corpus. test: metrics/evaluate of it. notes: what is missing, a sentence each.
    """

    data: dict[str, Any]
    test: dict[str, Any]
    notes: tuple[str, ...] = ()


def find_results(checkpoint: Path, about: Mapping[str, Any]) -> Results:
    """The results of the project whose `models/<corpus>/<seed>` a checkpoint is, or of the study.

    Results elsewhere are of other models, whatever their corpus is called.
    """
    corpus, seed = about.get("corpus"), about.get("seed")
    folder = checkpoint.resolve()
    if folder.parent.parent.name != "models" or folder.parent.name != corpus:
        return Results({}, {}, ("no results beside it: it does not lie in models/<corpus>/<seed> of a project",))
    root = folder.parents[2]
    data, test = root / f"metrics/data/{corpus}.json", root / f"metrics/evaluate/{corpus}.json"
    if root.parent.name == "runs":  # of a study
        data = root.parents[2] / f"corpora/runs/metrics/data/{corpus}.json"
        test = root.parents[1] / f"results/{root.name}/{corpus}.json"
    found, notes = [], []
    for path in (data, test):
        try:
            found.append(dict(json.loads(path.read_text(encoding="utf-8"))))
        except FileNotFoundError:
            found.append({})
            notes.append(f"nothing of {path.parent.name} in the card: {path} not found")
        except ValueError:
            raise ValueError(f"{path}: not valid JSON; remove it and run `dvc repro`") from None
    if found[1] and str(seed) not in found[1].get("by_seed", {}):
        notes.append(f"no test scores in the card: {test} knows no seed {seed}; run `dvc repro evaluate`")
        found[1] = {}
    return Results(found[0], found[1], tuple(notes))


def model_card(
    trained: Trained,
    results: Results,
    name: str,
    *,
    merged: int = 0,
    graph: tuple[Sequence[Input], float] | None = None,
) -> str:
    """The page as Markdown, with the YAML front matter of a Hugging Face model card.

    name: of the model. merged: rank of the adapters that were worked into it. graph: inputs of its ONNX graph, and by
    how much its scores differ.
    """
    parts = [
        _front(trained, results, name),
        _what(trained, name),
        _load(trained),
        _corpus(trained, results),
        _scores(trained, results),
        _picture(trained, results),
        _training(trained, merged),
        "" if graph is None else _graph(trained, *graph),
        _limits(trained, results),
    ]
    return "\n".join(part for part in parts if part)


def _front(trained: Trained, results: Results, name: str) -> str:
    task, release = trained.task.name, str(results.data.get("release", ""))
    front: dict[str, Any] = {"library_name": "tandem", "pipeline_tag": PIPELINE[task]}
    comments = ["# license: yours to choose; mind those of the corpus and of the pretrained weights"]
    if release.startswith(ENGLISH):
        front["language"] = "en"
    else:
        comments.insert(0, "# language: unknown; fill in that of the corpus")
    topic = "named-entity-recognition" if task == "ner" else "relation-extraction"
    front["tags"] = ["tandem", topic, "social-media", *(["multimodal"] if reads(trained) != "nothing" else [])]
    front["metrics"] = ["f1", "precision", "recall"]
    if results.test:
        corpus, seed = str(trained.about["corpus"]), str(trained.about["seed"])
        metrics = [{"type": "f1", "value": round(float(results.test["by_seed"][seed]), 4), "name": trained.task.title}]
        dataset = {"name": release or corpus, "type": corpus, "split": "test"}
        tested = {"task": {"type": PIPELINE[task], "name": TASK[task]}, "dataset": dataset, "metrics": metrics}
        front["model-index"] = [{"name": name, "results": [tested]}]
    text = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1000)
    return "---\n" + "".join(f"{comment}\n" for comment in comments) + f"{text}---\n"


def _what(trained: Trained, name: str) -> str:
    task, params, labels = trained.task.name, trained.params, trained.model.label_names
    what = WHAT[task]
    if reads(trained) == "nothing":
        what = what.replace(", reading the text and the picture", " out of their text alone; it reads no picture")
    elif reads(trained) == "caption":
        what = what.replace("the picture", "the caption of the picture")
    kinds = sorted({label[2:] for label in labels if label != "O"}) if task == "ner" else labels
    kind = "Entity types" if task == "ner" else "Relations"
    return (
        f"# {name}\n\nA model of Tandem that {what}.\n\n"
        f"- {kind}: {', '.join(f'`{one}`' for one in kinds)}\n"
        f"- Fusion strategy: `{params.fusion}`\n"
        f"- Text encoder: `{params.text.encoder}`\n"
        + (f"- Picture encoder: `{params.vision.encoder}`\n" if trained.model.fusion.uses_picture else "")
    )


def _load(trained: Trained) -> str:
    lines = ["import tandem", "", 'predictor = tandem.load("this folder")']
    if trained.task.name == "ner":
        lines.append('predictor("Paris is on fire tonight", "photo.jpg").mentions  # or without a picture')
    else:
        lines[-1] = 'predictor = tandem.load("folder of an entity model", relations="this folder")'
        lines.append('predictor("Ann Lee joined Acme", "photo.jpg").relations  # or without a picture')
    if reads(trained) == "caption":
        lines[-1] = lines[-1].replace('"photo.jpg"', 'caption="a crowd at night"')
    code = "\n".join(lines)
    return (
        "## How to load it\n\n"
        f"```python\n{code}\n```\n\nThe folder holds all that the model needs, and nothing is fetched. `manifest.json` "
        "has the SHA-256 of every file but this one.\n"
    )


def _corpus(trained: Trained, results: Results) -> str:
    data, corpus = results.data, trained.about.get("corpus", "unknown")
    lines = [f"## Corpus\n\n`{corpus}`" + (f", release: {data['release']}" if "release" in data else "") + "\n"]
    if data.get("warning"):
        lines.append(f"Mind: {data['warning']}.\n")
    if splits := data.get("splits"):
        keys = [key for key in ("sentences", "pairs", "tokens", "entities_default") if key in splits["train"]]
        titles = {"entities_default": "entities"}
        head = ["split", *(titles.get(key, key) for key in keys)]
        rows = [[split, *(str(counts[key]) for key in keys)] for split, counts in splits.items()]
        lines.append(_table(head, rows))
    if pictures := data.get("pictures"):
        lines.append(
            f"Pictures: {pictures['present']} of {pictures['ids']} are there, {pictures['distinct']} distinct.\n"
        )
    return "\n".join(lines)


def _scores(trained: Trained, results: Results) -> str:
    test, about, task = results.test, trained.about, trained.task.name
    valid = [f"{value:.4f}" for value in about.get("valid", {}).values()]
    lines = ["## Scores\n"]
    if valid:
        lines.append(f"Validation {trained.task.title} of this model (seed {about.get('seed')}): {valid[0]}.\n")
    if not test:
        return "\n".join([*lines, "It has not been scored on the test split by the project it comes from.\n"])
    scores, deviation = test[HEADLINE[task]], test["std"][HEADLINE[task]]
    f1, of = f"{scores['f1']:.4f}", "one seed"
    if test["seeds"] > 1:
        f1, of = f"{f1} ± {deviation['f1']:.4f}", f"mean ± standard deviation of {test['seeds']} seeds"
    if interval := test.get("interval", {}).get("f1"):
        f1 += f", 95 % interval [{interval['low']:.4f}, {interval['high']:.4f}]"
    own = test["by_seed"][str(about["seed"])]
    pairs = f", {test['pairs']} pairs" if "pairs" in test else ""
    lines.append(
        f"Test split ({test['sentences']} sentences{pairs}), {of}: "
        f"{trained.task.title} {f1}; precision {scores['precision']:.4f}, recall {scores['recall']:.4f}. "
        f"This model: {own:.4f}.\n"
    )
    if leaked := test.get("leaks", {}).get("sentences"):
        lines.append(
            f"{leaked} of the test sentences stand, exactly or nearly, in the corpus's train or valid split too; "
            f"without them F1 is {test['clean']['f1']:.4f}.\n"
        )
    if classes := test.get(CLASSES[task]):
        keys = ("precision", "recall", "f1")
        rows = [
            [f"`{one}`", *(f"{of[key]:.4f}" for key in keys), f"{of['support']:.0f}"] for one, of in classes.items()
        ]
        lines.append(_table(["class", "precision", "recall", "F1", "in the test split"], rows))
    return "\n".join(lines)


def _picture(trained: Trained, results: Results) -> str:
    if reads(trained) == "nothing" or not (controls := results.test.get("controls")):
        return ""
    lines = ["## Does the picture help?\n", "The same models on the same posts, but with pictures that cannot help:\n"]
    titles = {"shuffled_image": "the picture of another post", "no_image": "no picture"}
    named = [(titles[name], control) for name, control in controls.items() if name in titles]
    rows = [[title, f"{of['f1']:.4f}", f"{-100 * of['delta']:+.1f} points"] for title, of in named]
    lines.append(_table(["shown", "F1", "difference"], rows))
    if picture := results.test.get("picture"):
        unit = "pairs" if trained.task.name == "re" else "sentences"
        lines.append(
            f"The picture changes the answer to {picture['changed']:.0f} {unit} (mean over seeds): "
            f"{picture['helped']:.0f} are right only with it, {picture['harmed']:.0f} only without.\n"
        )
    lines.append(
        "What a model loses that was trained with pictures is not what pictures are worth: for that, compare with one "
        "that was trained without (`fusion: text_only`).\n"
    )
    return "\n".join(lines)


def _training(trained: Trained, merged: int) -> str:
    params, about = trained.params, trained.about
    knobs: dict[str, Any] = {"fusion": params.fusion, **params.fusion_knobs.model_dump(mode="json")}
    knobs |= trained.task.knobs(params)
    text = params.text.model_dump(mode="json")
    unused = ("lora", "scratch") if params.text.encoder != "scratch" else ("lora", "max_length", "overlap", "pooling")
    knobs["text"] = {key: value for key, value in text.items() if key not in unused}
    if not trained.model.fusion.predicts:
        knobs["head"] = params.head.model_dump(mode="json")
    if trained.model.fusion.uses_picture:
        shown = {"encoder", "weights", "image_size", "max_regions", "views", "train"}
        knobs["vision"] = params.vision.model_dump(mode="json", include=shown)
    facts = {key: about[key] for key in ("seed", "epochs", "best_epoch", "precision", "device") if key in about}
    adapters = f"Adapters of rank {merged} were trained, and are worked into the weights here.\n\n" if merged else ""
    listed = yaml.safe_dump(facts | {"knobs": knobs}, sort_keys=False, allow_unicode=True)
    return f"## Training\n\n{adapters}```yaml\n{listed}```\n"


def _graph(trained: Trained, inputs: Sequence[Input], difference: float) -> str:
    axes = [axis for one in inputs for axis in one.axes if isinstance(axis, str)]
    used = {axis: AXES[axis] for axis in axes}
    rows = [[f"`{one.name}`", one.dtype, f"({', '.join(map(str, one.axes))})", one.meaning] for one in inputs]
    count = len(trained.model.label_names)
    shape = f"(B, {count})" if trained.task.name == "re" else f"(B, T, {count})"
    lines = [
        "## ONNX\n",
        "`model.onnx` is text encoder, fusion and head in float32; its scores differ from torch's by "
        f"{difference:.0e} at most. `decoding.json` has the labels and what turns scores into them; Tandem's "
        "docs/export.md shows how, in a few lines of NumPy.\n",
        _table(["input", "type", "axes", "is"], rows),
        f"Output: `scores`, float32 {shape}. Axes: {'; '.join(f'{axis} {of}' for axis, of in used.items())}.\n",
    ]
    return "\n".join(lines)


def _limits(trained: Trained, results: Results) -> str:
    corpus = str(trained.about.get("corpus", "its corpus"))
    lines = [
        f"It knows the {'types' if trained.task.name == 'ner' else 'relations'} above and no others, and has learned "
        f"them from `{corpus}` alone: posts of another kind, language or time are read less well than the scores say.",
        "A confidence is the model's own, and right only as often as it was on posts like those of its corpus.",
    ]
    if calibration := results.test.get("calibration", {}).get("ece"):
        lines[-1] += f" On the test split it was off by {100 * calibration:.1f} points on average (ECE)."
    if str(results.data.get("release", "")).startswith("embedded"):
        lines.insert(
            0, "Its corpus is generated, with made-up names and drawn pictures. It is of no use on real posts."
        )
    if reads(trained) == "picture":
        lines.append("A picture that cannot be read counts as absent.")
    lines.append("Names of people are found whoever they are; mind the law where you process them.")
    return "## Limits\n\n" + "".join(f"- {line}\n" for line in lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
