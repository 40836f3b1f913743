"""Captions as the text encoder reads them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence

from tandem.corpora.schema import Post
from tandem.fusion.base import Fusion

Captions = Mapping[str, Sequence[str]]
"""Words by image id: a caption belongs to a picture, and goes where the picture goes."""


def captions_for(fusion: Fusion, posts: Iterable[Post]) -> Captions | None:
    """The captions of the posts' pictures as a strategy has them read, empty ones left out; None if it reads none."""
    if not fusion.reads_caption:
        return None
    texts = {post.image_id: post.caption for post in posts if post.image_id is not None and post.caption}
    words = {image_id: text.split()[: fusion.caption_words] for image_id, text in texts.items()}
    return {image_id: found for image_id, found in words.items() if found}


def noise_captions(captions: Captions, *, seed: int) -> Captions:
    """Captions of the same lengths whose words are drawn at random from all of them, frequent ones more often."""
    generator = random.Random(seed)
    words = [word for caption in captions.values() for word in caption]
    return {image_id: generator.choices(words, k=len(caption)) for image_id, caption in captions.items()}
