"""JSONL of spaCy: `Doc(nlp.vocab).from_json(json.loads(line))` makes a `Doc` of a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from tandem.inference.formats.base import Answer, TextFormat
from tandem.inference.prediction import Word


class Spacy(TextFormat):
    """What `Doc.to_json` gives (text, tokens, ents), and beside it, for spaCy reads no more, under `tandem`: what is
    known of the post, the confidences of the ents, and the relations by number of head and tail in `doc.ents`.

    No `.spacy` file: that is one compressed block, which is held in memory to be written and to be read.
    """

    def text(self, answer: Answer) -> str:
        """As in `TextFormat`."""
        found, plain = answer.prediction, answer.to_dict()
        about = {key: plain[key] for key in ("line", "id", "image", "picture", "relations")}
        doc = {
            "text": found.text,
            "ents": [{"start": one.start, "end": one.end, "label": one.type} for one in found.mentions],
            "tokens": [
                {"id": number, "start": start, "end": end}
                for number, (start, end) in enumerate(tokens(found.text, found.words))
            ],
            "tandem": about | {"confidences": [one["confidence"] for one in plain["mentions"]]},
        }
        return json.dumps(doc, ensure_ascii=False) + "\n"


def tokens(text: str, words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """The words, and what stands between them: in spaCy every character but one blank after a token is in one."""
    position = 0
    for word in words:
        if position < word.start:
            yield position, word.start
        yield word.start, word.end
        position = word.end + text.startswith(" ", word.end)
    if position < len(text):
        yield position, len(text)
