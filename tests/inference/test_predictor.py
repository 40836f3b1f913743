"""Raw posts to mentions and relations, by models that were trained on what the stages prepare."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import tandem
from tandem.corpora.schema import NO_RELATION
from tandem.evaluation.spans import spans
from tandem.inference import predictor as module
from tandem.inference.held_out import HeldOut
from tandem.inference.prediction import Mention, Query
from tandem.inference.runner import Runner
from tandem.tasks import NER, RE
from tandem.vision import live


@pytest.fixture
def world(make_params, tiny_corpus, photos, extracted, fit):
    """A trained model of pictures that tell the type of a name, its test split, and their files."""

    def make(**changes):
        params = make_params(**{"fusion": "concat", "train.epochs": 12, **changes})
        rows = {split: tiny_corpus(split, size) for split, size in {"train": 60, "valid": 20, "test": 30}.items()}
        paths = photos([row for some in rows.values() for row in some])
        features = extracted(paths, params)
        folder = fit("tiny", rows["train"], rows["valid"], features, params)
        return folder, HeldOut("tiny", NER, rows["test"], features), paths, params

    return make


def queries_of(rows, paths):
    return [Query(" ".join(row.words), None if row.image_id is None else paths[row.image_id]) for row in rows]


def found(prediction):
    return [(mention.type, mention.start, mention.end) for mention in prediction.mentions]


def nearly(one, other) -> bool:
    """The same mentions, words and relations, with confidences that differ in the last digits at most."""
    same = found(one) == found(other) and one.words == other.words and one.picture == other.picture
    sure = zip(one.mentions, other.mentions, strict=True)
    return same and all(mine.confidence == pytest.approx(its.confidence, abs=1e-5) for mine, its in sure)


def test_predictor_says_of_raw_text_what_evaluation_says_of_words(world) -> None:
    folder, held_out, paths, params = world()
    runner, rows = Runner(folder, held_out, params), held_out.samples
    tags = runner.predict(rows, {"predicted": runner.pictures_of(rows)})["predicted"]
    predictor = tandem.load(folder)
    predictions = list(predictor.stream(queries_of(rows, paths), window=7))
    for row, said, prediction in zip(rows, tags, predictions, strict=True):
        assert [word.text for word in prediction.words] == row.words
        assert [mention.text for mention in prediction.mentions] == ["Paris"] * len(spans(said, "default"))
        starts = {word.start: number for number, word in enumerate(prediction.words)}
        ends = {word.end: number + 1 for number, word in enumerate(prediction.words)}
        assert [(m.type, starts[m.start], ends[m.end]) for m in prediction.mentions] == spans(said, "default")
        assert prediction.picture == ("ok" if row.image_id else "none")
    right = [
        [m.type for m in p.mentions] == [row.image_id.split("-")[1]]
        for row, p in zip(rows, predictions, strict=True)
        if row.image_id
    ]
    assert sum(right) > 0.9 * len(right)
    assert (predictor.task, predictor.fusion, predictor.reads, predictor.regions_grid) == (
        "ner",
        "concat",
        "picture",
        None,
    )
    assert predictor.labels == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    assert predictor.about["corpus"] == "tiny"


def test_predictor_compares_with_and_without_the_picture(world) -> None:
    folder, _, paths, _ = world()
    predictor = tandem.load(folder)
    text = "saw Paris today"
    seen = {kind: next(path for name, path in paths.items() if f"-{kind}-" in name) for kind in ("PER", "LOC")}
    person, place, bare = predictor([text] * 3, [seen["PER"], seen["LOC"], None], compare=True)
    assert [prediction.mentions[0].type for prediction in (person, place)] == ["PER", "LOC"]
    assert bare.without_image is None
    assert bare.mentions[0].confidence_no_image is None
    for one in (person, place):
        assert [(m.type, m.start, m.end) for m in one.without_image] == found(bare)
        (mine,), (its,) = one.without_image, bare.mentions
        assert mine.confidence == pytest.approx(its.confidence, abs=1e-5)
        assert one.mentions[0].confidence > one.mentions[0].confidence_no_image
        agrees = one.mentions[0].type == mine.type
        assert (one.mentions[0].confidence_no_image == pytest.approx(mine.confidence, abs=1e-5)) == agrees
    assert predictor(text, seen["PER"]).without_image is None  # not asked for


def test_predictor_reads_pictures_from_anywhere(world, tmp_path) -> None:
    folder, _, paths, _ = world()
    path = next(path for name, path in paths.items() if "-PER-" in name)
    sources = [path, str(path), path.read_bytes(), bytearray(path.read_bytes()), Image.open(path)]
    predictor = tandem.load(folder)
    predictions = predictor(["saw Paris today"] * len(sources), sources)
    assert all(nearly(prediction, predictions[0]) for prediction in predictions)
    (tmp_path / "cut.png").write_bytes(path.read_bytes()[:200])
    unreadable = ["nowhere.png", tmp_path, tmp_path / "cut.png", b"", b"text"]
    said = predictor(["saw Paris today"] * len(unreadable), unreadable)
    assert [prediction.picture for prediction in said] == ["missing", "broken", "broken", "broken", "broken"]
    alone = predictor("saw Paris today")
    assert all(nearly(replace(prediction, picture="none"), alone) for prediction in said)
    with pytest.raises(ValueError, match="image: expected a path, bytes, a PIL image or None, found int"):
        predictor("x", 3)


def test_predictor_without_images_opens_none(world, monkeypatch) -> None:
    folder, _, paths, _ = world()
    alone = tandem.load(folder)("saw Paris today", compare=True)
    for name in ("load_encoder", "open_picture", "read_picture"):
        monkeypatch.setattr(live, name, None)
    predictor = tandem.load(folder, no_image=True)
    assert predictor.no_image
    said = predictor("saw Paris today", next(iter(paths.values())), compare=True)
    assert said.picture == "not used"
    assert nearly(replace(said, picture="none"), alone)


@pytest.mark.parametrize("window", [1, 4, 4096])
def test_predictor_keeps_the_order_in_every_window(saved, make_params, photos, tiny_corpus, window) -> None:
    predictor = tandem.load(saved(make_params(fusion="concat")))
    paths = [*list(photos(tiny_corpus("test", 12)).values())[:9], None]
    texts = [f"word {'Paris ' * (7 * number % 11)}{number}" for number in range(10)]
    expected = [predictor(text, path) for text, path in zip(texts, paths, strict=True)]
    taken = []

    def asked():
        for text, path in zip(texts, paths, strict=True):
            taken.append(text)
            yield Query(text, path)

    for number, prediction in enumerate(predictor.stream(asked(), window=window)):
        assert prediction.text == texts[number]
        assert nearly(prediction, expected[number])
        assert len(taken) <= (number // window + 1) * window  # no more are read than a window needs


ODD = [
    " ",
    "\n",
    "@user",
    "#tag",
    "https://t.co/x",
    "👍🏽",
    "🇩🇪",
    "'s",
    "\u200b",
    "\x00",
    "\ud800",
    "日本",
    "مرحبا",
    "Paris",
    "!",
]


@pytest.fixture(params=["scratch", "tiny_bert", "tiny_roberta"])
def untrained(saved, make_params, request):
    """A predictor that was never trained, and so finds much."""
    named = "scratch" if request.param == "scratch" else str(request.getfixturevalue(request.param))
    changes = {"text.encoder": named, "text.max_length": 16, "text.overlap": 4}
    return tandem.load(saved(make_params(fusion="text_only", **changes)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(st.characters(), max_size=40), st.lists(st.sampled_from(ODD), max_size=20).map("".join)))
def test_predictor_offsets_are_those_of_the_raw_text(untrained, text) -> None:
    prediction = untrained(text)
    assert prediction.text == text
    for one in (*prediction.words, *prediction.mentions):
        assert text[one.start : one.end] == one.text != ""
    ends = {word.start for word in prediction.words}, {word.end for word in prediction.words}
    assert all(mention.start in ends[0] and mention.end in ends[1] for mention in prediction.mentions)
    assert all(0 <= mention.confidence <= 1 for mention in prediction.mentions)


@pytest.mark.parametrize("text", ["", "  \n", "\x00\u200b"])
def test_predictor_finds_nothing_where_there_is_no_word(saved, make_params, text) -> None:
    predictor = tandem.load(saved(make_params(fusion="concat")))
    assert predictor(text).words == predictor(text).mentions == ()
    assert predictor(text, b"").picture == "not used"
    assert predictor([], []) == []
    assert list(predictor.stream([])) == []


@pytest.mark.parametrize("unit", ["Paris ", "P", "!", "日"])
def test_predictor_reads_twenty_thousand_characters(saved, make_params, tiny_bert, unit) -> None:
    params = make_params(fusion="text_only", **{"text.encoder": str(tiny_bert), "text.max_length": 64})
    text = (unit * 20_000)[:20_000]
    prediction = tandem.load(saved(params))(text)
    assert prediction.words[-1].end == len(text.rstrip())


def test_predictor_takes_known_words(saved, make_params) -> None:
    predictor = tandem.load(saved(make_params(fusion="concat")))
    query = Query("#NBA's  best", words=("#", "NBA", "'", "s", "best"))
    (prediction,) = predictor.stream([query])
    assert [word.text for word in prediction.words] == list(query.words)
    assert [word.start for word in prediction.words] == [0, 1, 4, 5, 8]
    wrong = replace(query, words=("best", "NBA"))
    for refuse in (predictor.check, lambda one: list(predictor.stream([one]))):
        with pytest.raises(ValueError, match="words: number 2, 'NBA', does not stand in the text"):
            refuse(wrong)


def test_predictor_wants_one_picture_a_text(saved, make_params) -> None:
    predictor = tandem.load(saved(make_params(fusion="concat")))
    with pytest.raises(ValueError, match="2 texts with 1 of image"):
        predictor(["a", "b"], [None])
    with pytest.raises(ValueError, match="caption: with a list of texts, give a list"):
        predictor(["a", "b"], caption="ab")
    with pytest.raises(ValueError, match="text: expected a string, found int"):
        predictor([3])


@pytest.fixture
def related(make_params, tagged_pairs, as_sentences, photos, extracted, fit):
    """A NER model, a relation model, the test pairs and the picture files."""
    params = make_params(fusion="concat", **{"train.epochs": 12})
    rows = {split: tagged_pairs(split, size) for split, size in {"train": 60, "valid": 20, "test": 20}.items()}
    paths = photos([row for some in rows.values() for row in some])
    features = extracted(paths, params)
    sentences = {split: as_sentences(some[::2]) for split, some in rows.items()}
    ner = fit("names", sentences["train"], sentences["valid"], features, params)
    re = fit("pairs", rows["train"], rows["valid"], features, params)
    return ner, re, rows["test"], paths


def test_predictor_relates_the_mentions(related) -> None:
    ner, re, rows, paths = related
    predictor = tandem.load(ner, relations=re)
    queries = queries_of(rows[::2], paths)
    predictions = list(predictor.stream(queries, compare=True))
    right = 0
    for row, other, prediction in zip(rows[::2], rows[1::2], predictions, strict=True):
        gold = {(one.relation, *sorted_ends(one)) for one in (row, other) if one.relation != NO_RELATION}
        starts = [word.start for word in prediction.words]
        said = {
            (
                one.type,
                starts.index(prediction.mentions[one.head].start),
                starts.index(prediction.mentions[one.tail].start),
            )
            for one in prediction.relations
        }
        right += said == gold
        assert all(one.type != NO_RELATION and 0 < one.confidence <= 1 for one in prediction.relations)
        assert all((one.confidence_no_image is None) == (row.image_id is None) for one in prediction.relations)
    assert right > 0.9 * len(predictions)
    assert any(prediction.relations for prediction in predictions)
    # No type has LOC or ORG here, so that the types leave none of the relations.
    assert not any(one.relations for one in tandem.load(ner, relations=re, types="ner").stream(queries))


def sorted_ends(row):
    return row.head_start, row.tail_start


def test_predictor_relation_model_alone_needs_mentions(related) -> None:
    ner, re, rows, paths = related
    alone, both = tandem.load(re), tandem.load(ner, relations=re)
    assert alone.task == "re"
    with pytest.raises(
        ValueError, match=r"^a relation model alone needs the mentions of each post: .* load a NER model"
    ):
        alone(" ".join(rows[0].words))
    assert alone("").relations == ()
    expected = both(" ".join(rows[0].words), paths.get(rows[0].image_id))
    for predictor in (alone, both):
        query = replace(queries_of(rows[:1], paths)[0], mentions=expected.mentions)
        (prediction,) = predictor.stream([query])
        assert prediction.mentions == expected.mentions
        assert [(r.type, r.head, r.tail) for r in prediction.relations] == [
            (r.type, r.head, r.tail) for r in expected.relations
        ]
        assert prediction.picture == expected.picture
    with pytest.raises(ValueError, match="mentions: PER at 3:4 has no word of the text in it"):
        alone.check(Query("Ann Lee", mentions=(Mention("", "PER", 3, 4, 1.0),)))


def test_predictor_relates_near_mentions_of_endless_texts(saved, make_params) -> None:
    ner, re = saved(make_params(fusion="text_only")), saved(make_params(fusion="text_only"), RE, name="re")
    words = ["x"] * 5000
    text = " ".join(words)
    places = [0, 50, 99, 101, 4999]
    mentions = tuple(Mention("x", "PER", 2 * place, 2 * place + 1, 1.0) for place in places)
    pairs = list(module._pairs(*posts_of(tandem.load(ner, relations=re), Query(text, mentions=mentions))))
    assert {ends for _, ends, _, _ in pairs} == {
        (one, two) for one in range(5) for two in range(5) if one != two and abs(places[one] - places[two]) < 100
    }
    for _, (head, tail), row, pair in pairs:
        assert len(row.words) == 100
        assert pair[1].start - pair[0].start == places[tail] - places[head]
        assert all(0 <= span.start < span.end <= 100 for span in pair)


def posts_of(predictor, query):
    posts = [predictor._prepare(query)]
    return predictor._open(predictor._re, posts)[0], posts


def test_predictor_loads_the_best_seed(saved, make_params, tmp_path) -> None:
    for seed, score in ((1, 0.25), (2, 0.75), (3, 0.5)):
        folder = saved(make_params(fusion="text_only"), name=f"corpus/{seed}")
        about = json.loads((folder / "tandem.json").read_text(encoding="utf-8"))
        (folder / "tandem.json").write_text(json.dumps({**about, "seed": seed, "valid": {"span_f1": score}}))
    assert tandem.load(tmp_path / "corpus").about["seed"] == 2
    assert tandem.load(str(tmp_path / "corpus" / "3")).about["seed"] == 3


def test_predictor_errors_are_one_line(saved, make_params, tmp_path) -> None:
    ner = saved(make_params(fusion="text_only"))
    with pytest.raises(ValueError, match=r"nowhere/tandem\.json: not found"):
        tandem.load("nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty: no checkpoint in it or right below it"):
        tandem.load(tmp_path / "empty")
    with pytest.raises(
        ValueError, match=r"expected a NER model and a relation model behind it, found .* \(ner\) and .* \(ner\)"
    ):
        tandem.load(ner, relations=ner)
    with pytest.raises(ValueError, match="types 'all'; allowed: none, names, ner"):
        tandem.load(ner, types="all")
    with pytest.raises(ValueError, match="batch_size 0 must be at least 1"):
        tandem.load(ner, batch_size=0)
    other = saved(make_params(fusion="concat"), dims=(5, 7), name="other")
    with pytest.raises(ValueError, match=r"vision\.encoder pixels gives 432/124 numbers .* trained on 5/7"):
        tandem.load(other)


def change(predictor, **shown) -> bool:
    """Whether what is shown beside a text of many words changes how sure the model is of anything."""
    text = "dog Paris runs on the beach " * 3
    bare, seen = predictor(text), predictor(text, **shown, compare=True)
    assert (bare.picture, seen.picture) == ("none", "ok")
    assert [(m.type, m.start, m.end) for m in seen.without_image] == found(bare)
    return [m.confidence for m in seen.mentions] != [m.confidence for m in bare.mentions]


def test_predictor_models_that_read_captions(saved, make_params, tiny_bert) -> None:
    text = {"text.encoder": str(tiny_bert), "text.max_length": 64}
    prefix = tandem.load(saved(make_params(fusion="caption_prefix", **text)))
    encoded = {"vision.encoder": "caption", "vision.caption_encoder": str(tiny_bert)}
    fused = tandem.load(saved(make_params(fusion="concat", **text, **encoded), dims=(32, 32), name="fused"))
    for predictor in (prefix, fused):
        assert predictor.reads == "caption"
        assert change(predictor, caption="the dog runs")
        assert predictor("dog", b"", caption=" ").picture == "none"
        assert predictor("\ud800 dog", caption="dog \ud800").picture == "ok"


@pytest.mark.parametrize("name", ["vilt", "blip_itm"])
def test_predictor_joint_encoders_see_the_picture(saved, make_params, tiny_joint, name, photos, tiny_corpus) -> None:
    folder = str(tiny_joint(name))
    vision = {"vision.encoder": "raw" if name == "vilt" else f"hf/{folder}", "vision.image_size": 32}
    params = make_params(fusion="joint", **{"text.encoder": folder, "text.max_length": 32, "text.overlap": 8}, **vision)
    predictor = tandem.load(saved(params, dims=(3, 96) if name == "vilt" else (16, 16)))
    assert predictor.regions_grid is None
    assert change(predictor, image=next(iter(photos(tiny_corpus("test", 3)).values())))


def test_predictor_encoders_that_train_see_the_picture(saved, make_params, photos, tiny_corpus) -> None:
    vision = {
        "vision.encoder": "torchvision/resnet18",
        "vision.weights": "none",
        "vision.train": True,
        "vision.image_size": 32,
    }
    predictor = tandem.load(saved(make_params(fusion="cross_attention", **vision), dims=(3, 96)))
    assert predictor.regions_grid == (1, 1)
    assert change(predictor, image=next(iter(photos(tiny_corpus("test", 3)).values())))
    assert tandem.load(saved(make_params(fusion="cross_attention"), name="pixels")).regions_grid == (4, 4)


def test_predictor_text_models_say_that_they_use_no_picture(saved, make_params) -> None:
    predictor = tandem.load(saved(make_params(fusion="text_only")))
    assert predictor.reads == "nothing"
    assert predictor("Paris", b"broken").picture == "not used"
    assert predictor("Paris").picture == "none"


def test_predictor_shelf_keeps_features(world, tmp_path) -> None:
    folder, _, paths, _ = world()
    queries = [Query("saw Paris today", path) for path in list(paths.values())[:3]]
    first = list(tandem.load(folder, cache=tmp_path / "kept").stream(queries))
    assert len(list((tmp_path / "kept").glob("*/shard-*"))) == 1
    again = tandem.load(folder, cache=tmp_path / "kept")
    assert all(map(nearly, again.stream(queries), first))


def test_predictor_import_is_fast() -> None:
    late = "'torch' not in sys.modules and 'transformers' not in sys.modules"
    code = f"import sys, tandem; tandem.Query('x'); assert {late}"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    with pytest.raises(AttributeError, match="has no attribute 'lod'"):
        tandem.lod  # noqa: B018


def test_predictor_same_thread_settings_for_small_models(saved, make_params) -> None:
    threads = torch.get_num_threads()
    try:
        tandem.load(saved(make_params(fusion="text_only")), threads=2)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
