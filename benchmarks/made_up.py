"""Made-up posts for benchmarks: a random BERT, sentences as long as those of Twitter-2017, pictures or captions."""

from __future__ import annotations

import hashlib
import itertools
import random
import string
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
import transformers
from PIL import Image

from tandem.corpora.schema import Sample

SIZES = {  # layers, width, heads, width of the feed-forward layers
    "tiny": (2, 64, 2, 128),
    "minilm": (6, 384, 12, 1536),
    "base": (12, 768, 12, 3072),
}
ENTRIES = 30522
PIECES, SHARES = (1, 2, 3, 4), (0.91, 0.045, 0.025, 0.02)  # sub-words of a word: Twitter-2017 with BERT's vocabulary
WORDS = (15.7, 5.2, 5, 50)  # of a sentence of Twitter-2017: mean, deviation, fewest, most
TYPES = ("LOC", "MISC", "ORG", "PER")


class Vocabulary(NamedTuple):
    """The pieces that begin a word, and those that go on."""

    first: list[str]
    later: list[str]


def make_bert(folder: Path, size: str) -> Vocabulary:
    """Save a random BERT of one of SIZES with a tokenizer."""
    generator = random.Random(0)
    first = ["".join(letters) for letters in itertools.product(string.ascii_lowercase, repeat=4)]
    later = ["".join(letters) for letters in itertools.product(string.ascii_lowercase, repeat=3)]
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    later = generator.sample(later, 10_000)
    first = generator.sample(first, ENTRIES - len(later) - len(specials))
    folder.mkdir()
    pieces = [*specials, *first, *(f"##{piece}" for piece in later)]
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    layers, width, heads, wide = SIZES[size]
    config = transformers.BertConfig(
        vocab_size=len(pieces),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=wide,
    )
    torch.manual_seed(0)
    transformers.BertModel(config).save_pretrained(folder)
    transformers.BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return Vocabulary(first, later)


def make_sentence(generator: random.Random, vocabulary: Vocabulary) -> list[str]:
    """Random words, as many and as long as those of a post."""
    mean, deviation, fewest, most = WORDS
    length = min(most, max(fewest, round(generator.gauss(mean, deviation))))
    pieces = generator.choices(PIECES, SHARES, k=length)
    return [
        generator.choice(vocabulary.first) + "".join(generator.choices(vocabulary.later, k=count - 1))
        for count in pieces
    ]


def make_rows(split: str, count: int, vocabulary: Vocabulary) -> list[Sample]:
    """Sentences with a picture each; every fourth word or so is an entity."""
    generator = random.Random(split)
    rows = []
    for number in range(count):
        words = make_sentence(generator, vocabulary)
        tags = [f"B-{generator.choice(TYPES)}" if generator.random() < 0.25 else "O" for _ in words]
        name = f"{split}-{number}"
        rows.append(
            Sample(
                id=name,
                source="made up",
                split=split,
                words=words,
                tags=tags,
                image_id=name,
                image_path=None,
                image_hash=None,
                caption=None,
                text_hash=name,
            )
        )
    return rows


def draw(path: Path, number: int) -> None:
    """Write a JPEG file of 680 x 510 pixels with coarse colours and grain."""
    generator = np.random.default_rng(number)
    image = Image.fromarray(generator.integers(0, 256, (9, 12, 3), dtype=np.uint8)).resize((680, 510))
    grain = generator.normal(0, 6, (510, 680, 1))
    Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8)).save(path, quality=87)


def make_pictures(folder: Path, rows: list[Sample], captions: Vocabulary | None) -> pd.DataFrame:
    """A picture, or with a vocabulary a caption, for each row: the table that `extract` takes."""
    table: list[tuple[str, str | None, str | None, str | None]] = []
    for number, row in enumerate(rows):
        if captions is not None:
            table.append((row.id, None, None, " ".join(make_sentence(random.Random(number), captions))))
            continue
        path = folder / f"{number}.jpg"
        draw(path, number)
        table.append((row.id, str(path), hashlib.sha256(path.read_bytes()).hexdigest(), None))
    return pd.DataFrame(table, columns=["image_id", "image_path", "image_hash", "caption"], dtype=object)
