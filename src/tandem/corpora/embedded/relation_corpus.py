"""The embedded corpus of relations, in the format of MNRE, with the scores that can be reached on it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tandem.corpora.embedded.corpus import Corpus
from tandem.corpora.embedded.relation_ceiling import ABSENT, Open, Reach, ceiling_of, exchanged_f1, realised_f1
from tandem.corpora.embedded.relation_posts import (
    NAME,
    RELATIONS,
    RIDDLES,
    TOLD_SHARES,
    RelationPost,
    Riddle,
    Span,
    write_relation_posts,
)
from tandem.corpora.embedded.scenes import SCENES, SUBJECTS, draw_scene
from tandem.corpora.schema import NO_RELATION
from tandem.params.corpora import MnreFiles
from tandem.params.embedded import EmbeddedParams

ENDING = ".png"  # MNRE names pictures by their files
Posts = dict[str, list[RelationPost]]


def relation_corpus(params: EmbeddedParams) -> Corpus:
    """The corpus: the files of MNRE by their usual names, and `rel2id.json`."""
    posts = _all_posts(params)
    numbers = json.dumps({relation: number for number, relation in enumerate(RELATIONS)}, indent=2)
    files = dict(MnreFiles().items())
    return Corpus(
        name=NAME,
        texts={
            **{files[split]: "".join(map(_lines, members)) for split, members in posts.items()},
            "rel2id.json": numbers + "\n",
        },
        pictures={p.image_id: p.picture for members in posts.values() for p in members if p.picture is not None},
        draw=draw_scene,
        subjects=SUBJECTS,
        ceilings=_ceilings(params, posts),
        ending=ENDING,
    )


def _all_posts(params: EmbeddedParams) -> Posts:
    posts: Posts = {}
    written: set[tuple[str, ...]] = set()
    first = 0
    for split, rows in params.sizes().items():
        size = (rows + 1) // 2  # a sentence has two rows: head and tail change places
        posts[split] = write_relation_posts(
            split=split,
            size=size,
            first=first,
            written=written,
            seed=params.seed,
            ambiguous=params.ambiguous,
            irrelevant=params.irrelevant,
            missing=params.missing_picture,
        )
        first += size
    return posts


def _lines(post: RelationPost) -> str:
    """The two rows of a sentence."""
    words = list(post.words)

    def entity(span: Span) -> dict[str, Any]:
        return {"name": " ".join(words[span[0] : span[1]]), "pos": list(span)}

    rows = [
        {
            "token": words,
            "h": entity(head),
            "t": entity(tail),
            "img_id": f"{post.image_id}{ENDING}",
            "relation": relation,
            "tags": list(post.tags),
        }
        for head, tail, relation in post.rows()
    ]
    return "".join(f"{row!r}\n" for row in rows)


def _open(posts: Sequence[RelationPost], riddle: Riddle) -> Open:
    pictures = [post.picture for post in posts if post.riddle == riddle]
    absent = pictures.count(None)
    return Open(riddle.name, riddle.prior, riddle.rows, len(pictures) - absent, absent)


def _told_rows(posts: Sequence[RelationPost]) -> int:
    """Rows whose relation the words tell."""
    return sum(name != NO_RELATION for post in posts if post.riddle is None for _, _, name in post.rows())


def _counts(posts: Sequence[RelationPost]) -> dict[str, Any]:
    relations = Counter(relation for post in posts for _, _, relation in post.rows())
    hard = [post for post in posts if post.riddle is not None]
    riddles = Counter(post.riddle.name for post in posts if post.riddle is not None)
    return {
        "rows": 2 * len(posts),
        "sentences": len(posts),
        "rows_by_relation": {name: relations[name] for name in RELATIONS},
        "rows_with_a_told_relation": _told_rows(posts),
        "ambiguous": len(hard),
        "ambiguous_by_types": {riddle.name: riddles[riddle.name] for riddle in RIDDLES},
        "ambiguous_by_relation": {name: sum(post.relation == name for post in hard) for name in SCENES},
        "pictures": sum(post.picture is not None for post in posts),
        "missing_pictures": sum(post.picture is None for post in posts),
        "ambiguous_with_relevant_picture": sum(post.relevant for post in hard),
        "ambiguous_with_picture_of_their_relation": sum(post.picture == post.relation for post in hard),
    }


def _ceilings(params: EmbeddedParams, posts: Posts) -> dict[str, Any]:
    """What can be reached on the test split, and how that follows."""
    irrelevant = params.irrelevant
    counts = {split: _counts(members) for split, members in posts.items()}
    test = posts["test"]
    told = _told_rows(test)
    opens = {riddle.name: _open(test, riddle) for riddle in RIDDLES}

    blind = {name: o.blind() for name, o in opens.items()}
    text_only = ceiling_of(list(blind.values()), irrelevant=irrelevant, told=told)
    picture = ceiling_of(list(opens.values()), irrelevant=irrelevant, told=told)
    exchanged = exchanged_f1(
        list(opens.values()),
        irrelevant=irrelevant,
        told=told,
        other=counts["test"]["pictures"] - sum(o.present for o in opens.values()),
        rule=picture.rule,
    )
    by_text = [(blind[post.riddle.name], post.relation, None) for post in test if post.riddle is not None]
    by_picture = [(opens[post.riddle.name], post.relation, post.picture) for post in test if post.riddle is not None]

    def scores(reach: Reach, realised: float) -> dict[str, float]:
        found = {"expected_f1": reach.f1, "deviation": reach.deviation, "realised_f1": realised}
        return {name: round(value, 6) for name, value in found.items()}

    absent = sum(o.absent for o in opens.values())
    return {
        "corpus": NAME,
        "seed": params.seed,
        "shares": {
            "ambiguous": params.ambiguous,
            "irrelevant": irrelevant,
            "missing_picture": params.missing_picture,
        },
        "told": TOLD_SHARES,
        "prior": {
            riddle.name: {"share": riddle.share, **{name: p for name, p in riddle.prior.items() if p}}
            for riddle in RIDDLES
        },
        "counts": counts,
        "text_only": {
            **scores(text_only, realised_f1(by_text, text_only.rule, told)),
            "guess": {name: text_only.rule.get((name, ABSENT), NO_RELATION) for name in opens},
        },
        "picture": scores(picture, realised_f1(by_picture, picture.rule, told)),
        "shuffled": {"expected_f1": round(exchanged, 6)},
        "derivation": (
            f"Test split, F1 micro-averaged without None: {told} rows have a relation that the words tell, taken as "
            f"found without error, and so are the types of the mentions, which rule out a relation the other way "
            f"round unless it is symmetric. {counts['test']['ambiguous']} sentences, {absent} of them without a "
            "picture file, leave open which relation of their types holds, or whether one does: it is drawn "
            "independently of every word, so text alone says the most frequent one of the types, or None, whichever "
            "gives the higher F1 = 2 TP / (predicted + gold). A picture is drawn for the relation, save for a share "
            f"of {irrelevant:g} drawn for any of the {len(SCENES)} scenes alike; Bayes on the scene seen gives the "
            "ceiling with pictures. `expected_f1` is a ratio of expectations, `deviation` the standard deviation of "
            "the realised F1 about it. `realised_f1` is the same rule on the relations that were drawn. `shuffled` is "
            "the model that trusts the picture after the pictures were exchanged at random between the sentences that "
            "have one; without any picture it falls back to `text_only`."
        ),
    }
