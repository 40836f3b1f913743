"""Word-by-word tokenisation for every Hugging Face tokenizer, fast or slow.

The pieces of a word never depend on its neighbours, so that no `word_ids()` is needed (BERTweet's tokenizer has
none) and a word's pieces are computed once a vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import BertweetTokenizer

from tandem.files import write_text
from tandem.text.base import TextBatch, WordTokenizer
from tandem.text.markers import Marker, Word
from tandem.text.normalise import NORMALISERS
from tandem.text.segments import PairTokens, pair_tokens, special_tokens
from tandem.text.windows import windows

MOST_WORDS = 200_000  # whose pieces are kept, some 60 MB; texts without end have new words without end


@dataclass(frozen=True)
class EncodedWords:
    """One sentence: its windows' sub-words, and for each word the places of the sub-words its vector is made of."""

    rows: list[list[int]]  # token ids of each window, specials included
    owners: list[list[int]]  # the word of each of these tokens, -1 for a special one and for one of the context
    places: list[tuple[int, int, int]]  # (window, position in it, word) of each sub-word that counts
    words: int
    last_types: list[int]  # token types of the last tokens of every window; those before are of type 0


@dataclass(frozen=True)
class Frame:
    """What stands around the words in every window of a sentence, how many sub-words fit between, and are shared."""

    before: list[int]
    after: list[int]
    after_types: list[int]
    capacity: int
    overlap: int


class SubwordTokenizer(WordTokenizer):
    """Pieces of each word, in windows of at most `max_length` with the tokenizer's special tokens around them.

    A word without pieces (a zero-width character, a word that normalisation emptied) becomes the unknown token; a
    word with more pieces than half a window keeps the first ones. `markers` gives the token id of each entity marker:
    one that the tokenizer knows nothing of, so that no word of a text can become a marker, whatever it reads.

    A context is the second of two segments, with the special tokens and token types that the tokenizer gives a pair.
    Every window carries it, cut so that the sentence has at least half of each window.
    """

    def __init__(
        self,
        tokenizer: Any,
        *,
        max_length: int,
        overlap: int,
        pooling: str,
        normalise: str,
        markers: Mapping[Marker, int] | None = None,
    ) -> None:
        self.tokenizer = tokenizer
        self.pooling = pooling
        self.overlap = overlap
        self.max_length = max_length
        self.normalise = normalise
        self._normalise = NORMALISERS[normalise]
        self._marked: dict[Word, list[int]] = {marker: [token] for marker, token in (markers or {}).items()}
        self._pieces = dict(self._marked)
        self._markers = torch.tensor(list((markers or {}).values()), dtype=torch.long)
        self.prefix, self.suffix = special_tokens(tokenizer)
        self.capacity = max_length - len(self.prefix) - len(self.suffix)
        self._alone = Frame(self.prefix, self.suffix, [], self.capacity, overlap)
        if self.capacity < 2:
            raise ValueError(f"text.max_length {max_length} leaves no room beside the special tokens; raise it")
        # Byte-level vocabularies write a word at the start of a text unlike the same word after a blank. (Some others
        # take a blank at the start for a word.)
        alone = tokenizer.tokenize("word")
        self._lead = "" if tokenizer.tokenize("word word")[len(alone) :] == alone else " "
        self._mask = tokenizer.mask_token_id  # what the encoder saw in place of hidden words when it was pretrained
        unknown = (tokenizer.unk_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id)
        self._unknown = next((token for token in unknown if token is not None), 0)
        self.pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else self._unknown

    def prepare(self, texts: Iterable[Sequence[Word]]) -> None:
        if len(self._pieces) > MOST_WORDS:
            self._pieces = dict(self._marked)
        self.pieces([word for text in texts for word in text])

    def pieces(self, words: Sequence[Word]) -> list[list[int]]:
        """Token ids of each word, at least one and at most half a window."""
        new = [word for word in dict.fromkeys(words) if isinstance(word, str) and word not in self._pieces]
        texts = [self._lead + text if (text := self._normalise(word)) else "" for word in new]
        # A call that has no text at all trips some tokenizers.
        encoded = self.tokenizer(texts, add_special_tokens=False)["input_ids"] if any(texts) else [[] for _ in texts]
        for word, text, ids in zip(new, texts, encoded, strict=True):
            self._pieces[word] = (list(ids) if text else [])[: self.capacity // 2] or [self._unknown]
        return [self._pieces[word] for word in words]

    @cached_property
    def _pair(self) -> PairTokens:
        return pair_tokens(self.tokenizer)

    def _frame(self, context: Sequence[str]) -> Frame:
        """Errors: `ValueError` if a window is too short for any context."""
        if not context:
            return self._alone
        pair = self._pair
        room = self.max_length - len(pair.prefix) - len(pair.separator) - len(pair.suffix)
        most = room - self.max_length // 2  # no word has more pieces than half a window
        if most < 1:
            raise ValueError(f"text.max_length {self.max_length} leaves no room for captions; raise it")
        second = [piece for pieces in self.pieces(context) for piece in pieces][:most]
        return Frame(
            before=pair.prefix,
            after=[*pair.separator, *second, *pair.suffix],
            after_types=[*pair.separator_types, *[pair.second_type] * len(second), *pair.suffix_types],
            capacity=room - len(second),
            # Less room than usual must not mean that windows hardly move on.
            overlap=min(self.overlap, (room - len(second)) // 2),
        )

    def encode(self, words: Sequence[Word], context: Sequence[str] = ()) -> EncodedWords:
        pieces, frame = self.pieces(words), self._frame(context)
        rows: list[list[int]] = []
        owners: list[list[int]] = []
        places: list[tuple[int, int, int]] = []
        for number, window in enumerate(windows([len(p) for p in pieces], frame.capacity, frame.overlap)):
            row = list(frame.before)
            owner = [-1] * len(row)
            for word in range(window.first, window.last):
                start = len(row)
                row.extend(pieces[word])
                owner.extend([word] * len(pieces[word]))
                if window.owned_first <= word < window.owned_last:
                    chosen = {"first": range(start, start + 1), "last": range(len(row) - 1, len(row))}
                    places.extend((number, place, word) for place in chosen.get(self.pooling, range(start, len(row))))
            rows.append(row + frame.after)
            owners.append(owner + [-1] * len(frame.after))
        return EncodedWords(rows, owners, places, len(words), frame.after_types)

    def cost(self, encoded: EncodedWords) -> int:
        return sum(map(len, encoded.rows))

    def collate(self, batch: Sequence[EncodedWords]) -> TextBatch:
        """Tensors of W windows of at most L sub-words.

        input_ids, attention_mask (W, L); owner (W, L): flat place in (B, T) of each sub-word's word, or -1;
        piece, word (P): flat places in (W, L) and (B, T) of the sub-words that words are made of; word_mask (B, T);
        token_type_ids (W, L), where any is not 0.
        """
        rows = [row for encoded in batch for row in encoded.rows]
        longest = max(map(len, rows), default=1)
        most = max((encoded.words for encoded in batch), default=0)
        ids = torch.full((len(rows), longest), self.pad, dtype=torch.long)
        owner = torch.full_like(ids, -1)
        lengths = torch.tensor([len(row) for row in rows], dtype=torch.long)
        bases = [i * most for i, encoded in enumerate(batch) for _ in encoded.rows]
        words_of = [owners for encoded in batch for owners in encoded.owners]
        for i, (row, base, owners) in enumerate(zip(rows, bases, words_of, strict=True)):
            ids[i, : len(row)] = torch.tensor(row)
            owner[i, : len(row)] = torch.tensor([word if word < 0 else base + word for word in owners])
        piece: list[int] = []
        word: list[int] = []
        base = 0
        for i, encoded in enumerate(batch):
            piece.extend((base + row) * longest + place for row, place, _ in encoded.places)
            word.extend(i * most + index for _, _, index in encoded.places)
            base += len(encoded.rows)
        words = torch.tensor([encoded.words for encoded in batch])
        types = {}
        last_types = [encoded.last_types for encoded in batch for _ in encoded.rows]
        if any(map(any, last_types)):
            types["token_type_ids"] = torch.zeros_like(ids)
            for i, (row, last) in enumerate(zip(rows, last_types, strict=True)):
                types["token_type_ids"][i, len(row) - len(last) : len(row)] = torch.tensor(last, dtype=torch.long)
        return types | {
            "input_ids": ids,
            "attention_mask": (torch.arange(longest)[None] < lengths[:, None]).long(),
            "owner": owner,
            "piece": torch.tensor(piece, dtype=torch.long),
            "word": torch.tensor(word, dtype=torch.long),
            "word_mask": torch.arange(most)[None] < words[:, None],
        }

    def drop_words(self, batch: TextBatch, share: float) -> TextBatch:
        dropped = torch.rand(batch["word_mask"].numel() + 1) < share  # one more: the place that -1 points to
        dropped[-1] = False
        hidden = self._mask if self._mask is not None else self._unknown
        ids = batch["input_ids"]
        return batch | {"input_ids": ids.masked_fill(dropped[batch["owner"]] & ~torch.isin(ids, self._markers), hidden)}

    def save(self, folder: Path) -> None:
        save_tokenizer(self.tokenizer, folder)


def save_tokenizer(tokenizer: Any, folder: Path) -> None:
    """Write a tokenizer so that reading it gives the same one."""
    tokenizer.save_pretrained(folder)
    if isinstance(tokenizer, BertweetTokenizer):
        # It reads three columns, writes two, and would know no merges when read again.
        merges = sorted(tokenizer.bpe_ranks.items(), key=lambda item: item[1])
        write_text(folder / "bpe.codes", "".join(f"{' '.join(pair)} {rank}\n" for pair, rank in merges))


def pool_words(hidden: Tensor, batch: TextBatch) -> Tensor:
    """Mean of the chosen sub-words of each word: (W, L, d) -> (B, T, d); padding words get zeros."""
    sentences, most = batch["word_mask"].shape
    dim = hidden.shape[-1]
    chosen = hidden.reshape(-1, dim)[batch["piece"]].float()  # (P, d)
    total = chosen.new_zeros(sentences * most, dim).index_add(0, batch["word"], chosen)
    count = chosen.new_zeros(sentences * most).index_add(0, batch["word"], torch.ones_like(chosen[:, 0]))
    return (total / count.clamp(min=1)[:, None]).reshape(sentences, most, dim)
