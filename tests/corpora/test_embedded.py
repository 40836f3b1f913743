"""The embedded corpora on disk: format, pictures, determinism."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from pydantic import ValidationError
from sklearn.linear_model import LogisticRegression

from tandem.corpora.captions import read_captions
from tandem.corpora.embedded import drawing, scenes
from tandem.corpora.embedded.captions import PHRASINGS
from tandem.corpora.embedded.corpus import Drawing
from tandem.corpora.embedded.drawing import SIZE, draw
from tandem.corpora.embedded.generate import generate, scores_only
from tandem.corpora.embedded.names import TYPES
from tandem.corpora.embedded.png import encode_png
from tandem.corpora.embedded.scenes import SCENES, draw_scene
from tandem.corpora.links import link_corpus
from tandem.corpora.mnre import read_mnre
from tandem.corpora.prepare import prepare
from tandem.corpora.relations import read_rel2id
from tandem.corpora.twitter import parse
from tandem.files import sha256_of
from tandem.params import parse_params
from tandem.params.corpora import MnreFiles
from tandem.params.embedded import EmbeddedParams

HOME = Path(__file__).resolve().parents[2]
SMALL = EmbeddedParams(seed=3, train=60, valid=20, test=40)
ENTITIES, RELATIONS = ("embedded_social", "embedded_travel"), "embedded_relations"

DRAWINGS = [(TYPES, draw), (SCENES, draw_scene)]


def hashes(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): sha256_of(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def test_embedded_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    generate(tmp_path / "a", SMALL)
    generate(tmp_path / "b", SMALL)
    generate(tmp_path / "c", SMALL.model_copy(update={"seed": 4}))
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
    one, other = hashes(tmp_path / "a"), hashes(tmp_path / "c")
    assert {name for name in one.keys() & other.keys() if one[name] == other[name]} == {f"{RELATIONS}/rel2id.json"}


def test_embedded_bytes_of_a_known_seed_have_not_changed(tmp_path: Path) -> None:
    """Golden values: where they change, so does every score on the embedded corpora.

    The picture also hangs on how Pillow fills shapes, which has been stable since its version 8.
    """
    generate(tmp_path, SMALL)
    assert sha256_of(tmp_path / "embedded_social" / "train.txt")[:16] == "add3821b2b69ff8e"
    assert sha256_of(tmp_path / "embedded_social" / "captions.tsv")[:16] == "c82a9c04eeb6a300"
    assert sha256_of(tmp_path / RELATIONS / "captions.tsv")[:16] == "77c5eff80b1b29d0"
    assert sha256_of(tmp_path / "embedded_travel" / "images" / "500000.png")[:16] == "0fc8e3338f01c5b2"
    assert sha256_of(tmp_path / RELATIONS / "mnre_train.txt")[:16] == "aea72b97ec11b6a3"
    assert sha256_of(tmp_path / RELATIONS / "images" / "900000.png")[:16] == "e0eb0e8831007dcd"


def test_embedded_relations_are_read_by_the_mnre_reader_without_oddities(tmp_path: Path) -> None:
    counts = generate(tmp_path, SMALL.model_copy(update={"valid": 19}))[RELATIONS]["counts"]
    folder = tmp_path / RELATIONS
    known = read_rel2id(folder / "rel2id.json")
    texts: list[tuple[str, ...]] = []
    ids: set[str | None] = set()
    for split, file in MnreFiles().items():
        read = read_mnre(folder / file, None, known)
        # A row each way, so that the numbers of rows are even: 19 are rounded up.
        assert len(read.pairs) == counts[split]["rows"] == {"train": 60, "valid": 20, "test": 40}[split]
        assert Counter(pair.relation for pair in read.pairs) == +Counter(counts[split]["rows_by_relation"])
        assert set(+read.oddities) <= {"pairs_with_an_entity_at_the_end"}
        for there, back in zip(read.pairs[::2], read.pairs[1::2], strict=True):
            assert (there.head, there.tail, there.words) == (back.tail, back.head, back.words)
            assert there.image_id == back.image_id
            texts.append(tuple(there.words))
        ids |= {pair.image_id for pair in read.pairs}
    assert len(set(texts)) == len(texts) == len(ids)
    assert {path.name for path in (folder / "images").iterdir()} <= ids
    assert known.names[0] == "None"


def test_embedded_files_are_read_by_the_twitter_reader_without_oddities(tmp_path: Path) -> None:
    ceilings = generate(tmp_path, SMALL)
    texts: Counter[tuple[str, ...]] = Counter()
    for corpus in ENTITIES:
        found = ceilings[corpus]
        ids: list[str] = []
        for split, size in SMALL.sizes().items():
            path = tmp_path / corpus / f"{split}.txt"
            read = parse(path.read_bytes().decode("utf-8"), path.name)
            assert len(read.sentences) == size == found["counts"][split]["sentences"]
            mentions = Counter(tag[2:] for sentence in read.sentences for tag in sentence.tags if tag.startswith("B-"))
            assert {kind: mentions[kind] for kind in TYPES} == found["counts"][split]["mentions_by_type"]
            ids += [sentence.image_id or "" for sentence in read.sentences]
            texts.update((corpus, *sentence.words) for sentence in read.sentences)
        assert len(set(ids)) == len(ids)
        pictures = {path.stem for path in (tmp_path / corpus / "images").iterdir()}
        assert pictures <= set(ids)
        assert len(pictures) == sum(counts["pictures"] for counts in found["counts"].values())
    assert max(texts.values()) == 1


def test_embedded_ceilings_are_written_and_where_they_should_be(tmp_path: Path) -> None:
    ceilings = generate(tmp_path, EmbeddedParams(train=1, valid=1))
    for corpus, found in ceilings.items():
        assert json.loads((tmp_path / corpus / "ceiling.json").read_text(encoding="utf-8")) == found
        assert 0.6 <= found["text_only"]["expected_f1"] <= 0.7
        assert found["picture"]["expected_f1"] >= 0.92
        assert found["shuffled"]["expected_f1"] < found["text_only"]["expected_f1"]
        for rule in ("text_only", "picture"):
            gap = abs(found[rule]["realised_f1"] - found[rule]["expected_f1"])
            assert gap < 4 * found[rule]["deviation"]


def test_embedded_scores_only_keeps_nothing_but_scores(tmp_path: Path) -> None:
    kept = scores_only(generate(tmp_path, SMALL))
    assert list(kept) == [*ENTITIES, RELATIONS]
    for found in kept.values():
        assert list(found["text_only"]) == list(found["picture"]) == ["expected_f1", "deviation", "realised_f1"]
        assert list(found["shuffled"]) == ["expected_f1"]
        assert all(0 <= score <= 1 for rule in found.values() for score in rule.values())


def test_embedded_generate_replaces_an_older_corpus_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "embedded_social" / "images").mkdir(parents=True)
    stale = tmp_path / "embedded_social" / "images" / "stale.png"
    stale.write_bytes(b"old")
    neighbour = tmp_path / "mine.txt"
    neighbour.write_text("keep", encoding="utf-8")
    generate(tmp_path, SMALL)
    assert not stale.exists()
    assert {path.name for path in tmp_path.iterdir()} == {*ENTITIES, RELATIONS, "mine.txt"}


def test_embedded_captions_tell_what_each_picture_shows_and_no_more(tmp_path: Path) -> None:
    generate(tmp_path, SMALL)
    for corpus, subjects in ((ENTITIES[0], drawing.SUBJECTS), (RELATIONS, scenes.SUBJECTS)):
        found, odd = read_captions(tmp_path / corpus / "captions.tsv")
        assert not any(odd.values())
        # Ids as the texts have them; none for a picture that is absent.
        pictures = {path.name for path in (tmp_path / corpus / "images").iterdir()}
        named = {f"{image_id}{'' if corpus == RELATIONS else '.png'}" for image_id in found}
        assert named == pictures
        kinds = {phrasing.format(said): kind for kind in subjects for said in subjects[kind] for phrasing in PHRASINGS}
        assert set(found.values()) <= set(kinds)
        told = Counter(kinds[caption] for caption in found.values())
        assert set(told) == set(subjects)
        assert len(set(found.values())) > 3 * len(subjects)


def test_embedded_captions_reach_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = yaml.safe_load((HOME / "params.yaml").read_text(encoding="utf-8"))
    params = parse_params(tree | {"embedded": SMALL.model_dump()})
    monkeypatch.chdir(tmp_path)
    generate(Path("data/embedded"), SMALL)
    for corpus in (*ENTITIES, RELATIONS):
        link_corpus(params, corpus)
        prepared = prepare(params, corpus)
        assert all((row.caption is None) is (row.image_hash is None) for row in prepared.samples)
        captions, pictures = prepared.report["captions"], prepared.report["pictures"]
        assert (captions["present"], captions["of_unknown_pictures"]) == (pictures["present"], 0)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_embedded_extreme_shares_work(tmp_path: Path, share: float) -> None:
    tiny = EmbeddedParams(train=4, valid=1, test=6, ambiguous=share, irrelevant=share, missing_picture=share)
    found = generate(tmp_path, tiny)
    for corpus, sentences in (("embedded_social", 6), (RELATIONS, 3)):
        assert found[corpus]["counts"]["test"]["ambiguous"] == sentences * share
        assert found[corpus]["counts"]["test"]["missing_pictures"] == sentences * share


def test_embedded_params_reject_unknown_and_out_of_range_values() -> None:
    with pytest.raises(ValidationError, match="irrelevant"):
        EmbeddedParams(irrelevant=1.2)
    with pytest.raises(ValidationError, match="sead"):
        EmbeddedParams.model_validate({"sead": 1})


@pytest.mark.parametrize(("kinds", "drawn"), DRAWINGS)
def test_embedded_pictures_are_readable_and_never_the_same(kinds: tuple[str, ...], drawn: Drawing) -> None:
    seen = set()
    for kind in kinds:
        for index in range(20):
            picture = drawn(kind, random.Random(index))
            assert (picture.mode, picture.size) == ("RGB", (SIZE, SIZE))
            seen.add(picture.tobytes())
    assert len(seen) == 20 * len(kinds)
    with pytest.raises(ValueError, match=f"no .* for the .* 'OTHER'; allowed: {', '.join(kinds)}"):
        drawn("OTHER", random.Random(0))


@pytest.mark.parametrize("size", [(64, 64), (1, 1), (200, 150)])
def test_embedded_png_holds_the_same_pixels(tmp_path: Path, size: tuple[int, int]) -> None:
    width, height = size
    image = Image.frombytes("RGB", size, random.Random(0).randbytes(width * height * 3))
    path = tmp_path / "a.png"
    path.write_bytes(encode_png(image))
    with Image.open(path) as opened:
        opened.load()
        assert opened.format == "PNG"
        assert opened.tobytes() == image.tobytes()
    with pytest.raises(ValueError, match="mode L"):
        encode_png(Image.new("L", (2, 2)))


@pytest.mark.parametrize(("kinds", "drawn"), DRAWINGS)
def test_embedded_pictures_are_learnable_from_a_thumbnail(kinds: tuple[str, ...], drawn: Drawing) -> None:
    """500 pictures of which 12 % carry a random label, 12 x 12 RGB pixels: a linear model finds the class."""
    chance = random.Random(0)

    def thumbnails(count: int) -> tuple[np.ndarray, list[str]]:
        labels = [chance.choice(kinds) for _ in range(count)]
        pixels = [np.asarray(drawn(kind, chance).resize((12, 12), Image.Resampling.BOX)) for kind in labels]
        return np.stack(pixels).reshape(count, -1) / 255 - 0.5, labels

    train, labels = thumbnails(500)
    test, truth = thumbnails(500)
    noisy = [chance.choice(kinds) if chance.random() < 0.12 else kind for kind in labels]
    assert LogisticRegression(C=0.1, max_iter=1000).fit(train, noisy).score(test, truth) >= 0.95
