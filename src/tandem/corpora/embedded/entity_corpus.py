"""The embedded corpora of named entities, in the format of Twitter-2015, each with the scores that can be reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tandem.corpora.embedded import ceiling
from tandem.corpora.embedded.corpus import Corpus
from tandem.corpora.embedded.drawing import SUBJECTS, draw
from tandem.corpora.embedded.names import TYPES
from tandem.corpora.embedded.posts import Post, Theme, write_posts
from tandem.params.embedded import EmbeddedParams


def entity_corpus(theme: Theme, params: EmbeddedParams) -> Corpus:
    """The corpus of a theme: `<split>.txt`."""
    posts = _all_posts(theme, params)
    return Corpus(
        name=theme.name,
        texts={f"{split}.txt": "\n".join(map(_block, members)) for split, members in posts.items()},
        pictures={p.image_id: p.picture for members in posts.values() for p in members if p.picture is not None},
        draw=draw,
        subjects=SUBJECTS,
        ceilings=_ceilings(theme, params, posts),
    )


def _all_posts(theme: Theme, params: EmbeddedParams) -> dict[str, list[Post]]:
    posts: dict[str, list[Post]] = {}
    written: set[tuple[str, ...]] = set()
    first = 0
    for split, size in params.sizes().items():
        posts[split] = write_posts(
            theme,
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


def _block(post: Post) -> str:
    lines = [f"{word}\t{tag}\n" for word, tag in zip(post.words, post.tags, strict=True)]
    return f"IMGID:{post.image_id}\n" + "".join(lines)


def _counts(posts: Sequence[Post]) -> dict[str, Any]:
    types = Counter(kind for post in posts for kind in post.mentions)
    ambiguous = [post for post in posts if post.ambiguous is not None]
    return {
        "sentences": len(posts),
        "mentions": types.total(),
        "mentions_by_type": {kind: types[kind] for kind in TYPES},
        "ambiguous": len(ambiguous),
        "ambiguous_by_type": {kind: sum(post.ambiguous == kind for post in ambiguous) for kind in TYPES},
        "pictures": sum(post.picture is not None for post in posts),
        "missing_pictures": sum(post.picture is None for post in posts),
        "ambiguous_with_relevant_picture": sum(post.relevant for post in ambiguous),
        "ambiguous_with_picture_of_their_type": sum(post.picture == post.ambiguous for post in ambiguous),
    }


def _ceilings(theme: Theme, params: EmbeddedParams, posts: dict[str, list[Post]]) -> dict[str, Any]:
    """What can be reached on the test split, and how that follows."""
    prior, irrelevant = theme.prior, params.irrelevant
    counts = {split: _counts(members) for split, members in posts.items()}
    hard = [post for post in posts["test"] if post.ambiguous is not None]
    types = [post.ambiguous for post in hard if post.ambiguous is not None]
    seen = [post.picture for post in hard]
    absent = seen.count(None)
    present = len(seen) - absent
    easy = counts["test"]["mentions"] - len(hard)

    text_only = ceiling.text_ceiling(prior, ambiguous=len(hard), unambiguous=easy)
    picture = ceiling.picture_ceiling(prior, irrelevant=irrelevant, present=present, absent=absent, unambiguous=easy)
    exchanged = ceiling.exchanged_f1(
        prior,
        irrelevant=irrelevant,
        present=present,
        absent=absent,
        unambiguous=easy,
        other=counts["test"]["pictures"] - present,
    )
    by_text = {"absent": ceiling.text_groups(prior, len(hard))[0]}
    by_picture = ceiling.picture_groups(prior, irrelevant, present, absent)
    guess = ceiling.modal(prior)
    return {
        "corpus": theme.name,
        "seed": params.seed,
        "shares": {
            "ambiguous": params.ambiguous,
            "irrelevant": irrelevant,
            "missing_picture": params.missing_picture,
        },
        "prior": prior,
        "counts": counts,
        "text_only": {
            "expected_f1": round(text_only.f1, 6),
            "deviation": round(text_only.deviation, 6),
            "realised_f1": round(ceiling.realised_f1(types, [None] * len(types), by_text, text_only.guessed, easy), 6),
            "guess": guess if text_only.guessed else "none",
        },
        "picture": {
            "expected_f1": round(picture.f1, 6),
            "deviation": round(picture.deviation, 6),
            "realised_f1": round(ceiling.realised_f1(types, seen, by_picture, picture.guessed, easy), 6),
        },
        "shuffled": {"expected_f1": round(exchanged, 6)},
        "derivation": (
            f"Test split: {easy} unambiguous mentions, taken as found and typed without error, and {len(hard)} "
            f"ambiguous ones, {absent} of them without a picture file. The type of an ambiguous mention is drawn "
            f"independently of every word, so text alone guesses it right with chance {prior[guess]:g} (always "
            f"{guess}) or leaves it out, whichever gives the higher F1 = 2 TP / (predicted + gold). A picture is drawn "
            f"for the type of the ambiguous mention, save for a share of {irrelevant:g} drawn for any of the four "
            "classes alike; Bayes on the class seen gives the ceiling with pictures. `deviation` is the standard "
            "deviation of the realised F1 about the expected one. `realised_f1` is the same rule on the types that "
            "were drawn. `shuffled` is the model that trusts the picture after the pictures were exchanged at random "
            "between the sentences that have one; without any picture it falls back to `text_only`."
        ),
    }
