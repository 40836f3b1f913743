"""Reader of the MNRE format.

A line is a Python dict literal, not JSON, and stands for one pair of entities in a sentence:

    {'token': [words], 'h': {'name': 'the head', 'pos': [start, end]}, 't': {the tail}, 'img_id': 'x.jpg',
     'relation': '/per/org/member_of'}

`pos` are the first word and the one after the last. The project's own corpus has a key `tags` besides: the BIO tags
of the sentence. Lines are read with a literal parser, never evaluated. What is odd is counted and kept as it is, what
cannot be understood is an error that names file and line.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from tandem.corpora.pictures import SUFFIXES
from tandem.corpora.relations import LOWER_CASE_NONE, RelationFile, renamed
from tandem.corpora.schema import NO_RELATION
from tandem.corpora.twitter import BLANK, CorpusError, check_image_id, check_tag, check_text, count_word, decode
from tandem.evaluation.spans import spans

LONGEST_LINE = 1 << 20  # characters; the longest line of MNRE has 414
LARGEST_NUMBER = 1 << 63  # of an image id or a position
KEYS = {"token", "h", "t", "img_id", "relation"}
ENTITY_KEYS = {"name", "pos"}
EXAMPLE = "{'token': [...], 'h': {'name': ..., 'pos': [start, end]}, 't': {...}, 'img_id': ..., 'relation': ...}"

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class RawPair:
    """One line of a file. The ends of `head` and `tail` are exclusive."""

    image_id: str | None
    words: list[str]
    head: Span
    tail: Span
    relation: str
    tags: list[str] | None
    line: int  # from 1


@dataclass
class RawPairs:
    """The pairs of one file and the oddities met on the way."""

    pairs: list[RawPair] = field(default_factory=list)
    oddities: Counter[str] = field(default_factory=Counter)


def locate_split(path: Path) -> Path:
    """The file, or its namesake with a blank before the dot, as the second release calls one of its files."""
    blank = path.with_name(f"{path.stem} {path.suffix}")
    return blank if blank.is_file() and not path.is_file() else path


def read_mnre(path: Path, rename: Mapping[str, str] | None = None, known: RelationFile | None = None) -> RawPairs:
    """Read one file. Errors: `CorpusError` for a missing, undecodable, malformed or empty file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise CorpusError(f"{path}: not found; set `files` of this corpus in params.yaml or add the file") from None
    split = parse(decode(content, str(path)), str(path), rename, known)
    if not split.pairs:
        raise CorpusError(f"{path}: no pairs; expected one Python dict a line: {EXAMPLE}")
    split.oddities["blanks_in_file_name"] += path.stem.endswith(" ")
    return split


def parse(text: str, name: str, rename: Mapping[str, str] | None = None, known: RelationFile | None = None) -> RawPairs:
    """Parse the text of one file.

    `name` stands in error messages. `rename` maps relations to new names. A relation that `known` lacks is an error.
    Errors: `CorpusError`.
    """
    split = RawPairs()
    odd = split.oddities
    if text.startswith("\ufeff"):
        odd["byte_order_marks"] += 1
        text = text[1:]
    before: dict[Any, set[str]] = {}  # relations of the pair so far, by words and spans, and by picture too
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of backslashes in words: they are kept as they stand
        for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
            if not line.strip(BLANK):
                odd["blank_lines"] += 1
                continue
            place = f"{name}:{number}"
            pair = _pair(_literal(line.strip(BLANK), place), place, number, rename or {}, odd)
            if known is not None and pair.relation not in (NO_RELATION, *known.names):
                raise CorpusError(
                    f"{place}: relation {pair.relation!r} is not in {known.path}; add it there, or rename it with "
                    "`rename` of this corpus"
                )
            _count_places(pair, odd)
            _count_repeats(pair, before, odd)
            split.pairs.append(pair)
    return split


def _pair(row: dict[str, Any], place: str, number: int, rename: Mapping[str, str], odd: Counter[str]) -> RawPair:
    """The pair of a line, each value checked."""
    words = _words(row, "token", place)
    for word in words:
        count_word(word, odd)
        odd["words_with_blanks"] += word != word.strip(BLANK)
    tags = None
    if "tags" in row:
        tags = [check_tag(tag, place) for tag in _words(row, "tags", place)]
        if len(tags) != len(words):
            raise CorpusError(f"{place}: {len(tags)} tags for {len(words)} words; give every word its tag")
    odd["rows_with_extra_keys"] += bool(row.keys() - KEYS - {"tags"})
    relation = _text(row, "relation", place)
    odd["lower_case_none"] += relation == LOWER_CASE_NONE
    return RawPair(
        image_id=_image_id(row["img_id"], place, odd),
        words=words,
        head=_entity(row["h"], "h", words, place, odd),
        tail=_entity(row["t"], "t", words, place, odd),
        relation=renamed(relation, rename),
        tags=tags,
        line=number,
    )


def _literal(line: str, place: str) -> dict[str, Any]:
    """The dict of a line, with all the keys that it needs."""
    if len(line) > LONGEST_LINE:
        raise CorpusError(f"{place}: {len(line)} characters; a line may have {LONGEST_LINE}, one pair of entities each")
    try:
        tree = ast.parse(line, mode="eval")
        row = ast.literal_eval(tree)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        too_deep = isinstance(error, RecursionError | MemoryError)
        reason = "too deep" if too_deep else error.msg if isinstance(error, SyntaxError) else "not plain values"
        raise CorpusError(f"{place}: not a Python literal ({reason}); write it like {EXAMPLE}") from None
    if not isinstance(row, dict):
        raise CorpusError(f"{place}: found a {type(row).__name__}, not a dict; write it like {EXAMPLE}")
    if isinstance(tree.body, ast.Dict) and len(tree.body.keys) != len(row):
        raise CorpusError(f"{place}: a key stands there twice; keep one of them")
    missing = sorted(KEYS - row.keys())
    if missing:
        raise CorpusError(f"{place}: without {', '.join(map(repr, missing))}; write it like {EXAMPLE}")
    return row


def _text(row: Mapping[str, Any], key: str, place: str) -> str:
    if not isinstance(row[key], str) or not row[key]:
        raise CorpusError(f"{place}: {key!r} is a {type(row[key]).__name__}; write a string that is not empty")
    return check_text(row[key], place)


def _words(row: Mapping[str, Any], key: str, place: str) -> list[str]:
    """A list of strings that is not empty."""
    words = row[key]
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise CorpusError(f"{place}: {key!r} is not a list of strings, or empty; write one string a word")
    for word in words:  # each by itself: two halves in neighbouring words make no character
        check_text(word, place)
    return words


def _entity(entity: Any, key: str, words: Sequence[str], place: str, odd: Counter[str]) -> Span:
    """The span of the head (`h`) or the tail (`t`); how its name differs from its words is counted."""
    if not isinstance(entity, dict) or not entity.keys() >= ENTITY_KEYS or not isinstance(entity["name"], str):
        raise CorpusError(f"{place}: {key!r} is not like {{'name': 'a name', 'pos': [start, end]}}; write it so")
    span = entity["pos"]
    if not isinstance(span, list | tuple) or len(span) != 2 or any(type(edge) is not int for edge in span):
        raise CorpusError(f"{place}: 'pos' of {key!r} is not [start, end]; write two numbers of words")
    start, end = span
    if not 0 <= start < end <= len(words):
        shown = [edge if abs(edge) < LARGEST_NUMBER else "a huge number" for edge in span]
        raise CorpusError(
            f"{place}: 'pos' of {key!r} is {shown}, but the sentence has {len(words)} words; "
            "a span needs 0 <= start < end <= words"
        )
    odd["entities_with_extra_keys"] += bool(entity.keys() - ENTITY_KEYS)
    _count_name(entity["name"], " ".join(words[start:end]), odd)
    return start, end


def _count_name(name: str, said: str, odd: Counter[str]) -> None:
    """Count how a name differs from its words: in case, in spacing, in both (counted under each), or otherwise."""
    letters, said_letters = ("".join(text.split()) for text in (name, said))
    if letters.casefold() != said_letters.casefold():
        odd["names_that_differ_otherwise"] += 1
        return
    odd["names_that_differ_in_case"] += letters != said_letters
    odd["names_that_differ_in_spacing"] += name.casefold() != said.casefold()


def _image_id(value: Any, place: str, odd: Counter[str]) -> str | None:
    """The image id as text; None where it is empty or None."""
    if value is None:
        value = ""
    if type(value) is int and abs(value) < LARGEST_NUMBER:
        odd["integer_image_ids"] += 1
        value = str(value)
    if not isinstance(value, str):
        raise CorpusError(f"{place}: 'img_id' is a {type(value).__name__}; write a file name, or a number without one")
    image_id = check_image_id(check_text(value.strip(BLANK), place), place) or None
    odd["rows_without_image_id"] += image_id is None
    bare = image_id is not None and PurePosixPath(image_id).suffix.lower() not in SUFFIXES
    odd["image_ids_without_extension"] += bare
    return image_id


def _count_places(pair: RawPair, odd: Counter[str]) -> None:
    """Count what is unusual in where head and tail lie.

    Overlapping pairs have a word in common; nested ones (one entity within the other, but not the same words) and
    identical ones are among them.
    """
    head, tail = pair.head, pair.tail
    both = max(head[0], tail[0]), min(head[1], tail[1])  # the words in common
    odd["overlapping_pairs"] += both[0] < both[1]
    odd["identical_pairs"] += head == tail
    odd["nested_pairs"] += head != tail and both in (head, tail)
    odd["adjacent_pairs"] += both[0] == both[1]
    odd["pairs_with_an_entity_at_the_end"] += len(pair.words) in (head[1], tail[1])
    if pair.tags is not None:
        tagged = {(span.start, span.end) for span in spans(pair.tags, "default")}
        odd["pairs_off_the_tags"] += not {head, tail} <= tagged


def _count_repeats(pair: RawPair, before: dict[Any, set[str]], odd: Counter[str]) -> None:
    """Count a pair whose words, head and tail came before: with the same relation, or only with others."""
    key = (tuple(pair.words), pair.head, pair.tail)
    for where, suffix in ((key, ""), ((*key, pair.image_id), "_same_picture")):
        relations = before.setdefault(where, set())
        odd[f"repeated_pairs{suffix}"] += pair.relation in relations
        odd[f"conflicting_pairs{suffix}"] += bool(relations) and pair.relation not in relations
        relations.add(pair.relation)
