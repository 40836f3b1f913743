"""Reader of the Twitter-2015 / Twitter-2017 format.

A file is a row of blocks. A block is a line `IMGID:<image id>` and then one line a word: the word, a tab (or
blanks), its BIO tag. Of more than two columns the first is the word and the last its tag, as in CoNLL files. Blocks
are separated by blank lines. Every word is kept, whatever characters it is made of; what is odd is counted, what
cannot be understood is an error that names file and line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

TAG = re.compile(r"O|[BI]-\S+")
DOCUMENT_START = "-DOCSTART-"  # the only word of the blocks that part documents in CoNLL files
BLANK = " \t\r"  # str.strip() would also eat the no-break space, which is a word in Twitter-2015
# Characters that draw nothing: control codes, variation selectors, zero-width space and joiners, directional marks.
INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\u00ad]+")


class CorpusError(ValueError):
    """A raw file that cannot be read; the message names the file, the line and the remedy."""


@dataclass(frozen=True)
class RawSentence:
    """One block of a file."""

    image_id: str | None
    words: list[str]
    tags: list[str]
    line: int  # of its first line, from 1


@dataclass
class RawSplit:
    """The sentences of one file and the oddities met on the way."""

    sentences: list[RawSentence] = field(default_factory=list)
    oddities: Counter[str] = field(default_factory=Counter)


def decode(content: bytes, name: str) -> str:
    """UTF-8 text of a file's bytes.

    Errors: `CorpusError` names the line of the first byte that is not UTF-8, or says that lines end in CR alone.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise CorpusError(f"{name}:{line}: byte 0x{byte:02x} is not UTF-8; re-encode the file as UTF-8") from None
    body = text.strip(BLANK + "\n")
    if "\r" in body and "\n" not in body:
        raise CorpusError(
            f"{name}: lines end in CR alone, so the file is one long line; convert line ends to LF or CRLF"
        )
    return text


def check_text(text: str, place: str, refuse: Callable[[str], Exception] = CorpusError) -> str:
    """The text itself; the error `refuse` if it holds half of a surrogate pair, which no UTF-8 file can."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = f"\\u{ord(text[error.start]):04x}"
        raise refuse(f"{place}: {half} is half of a character; write the character itself, in UTF-8") from None
    return text


def check_tag(tag: str, place: str) -> str:
    """The tag itself; `CorpusError` says what else it may be if it is not of BIO."""
    if TAG.fullmatch(tag):
        return tag
    reason = f"tag {tag!r} is not a BIO tag; expected O, B-<TYPE> or I-<TYPE>"
    if tag == "0":
        reason = "tag '0' (zero) is not a BIO tag; write the letter O"
    elif re.fullmatch(r"[SEUL]-\S+", tag):
        reason = f"tag {tag!r} is of the BIOES/BILOU scheme; convert the file to BIO (B-, I-, O) first"
    raise CorpusError(f"{place}: {reason}")


def check_image_id(image_id: str, place: str) -> str:
    """The id itself; `CorpusError` if, as a file name, it would leave the folder of pictures."""
    path = PurePosixPath(image_id)
    if path.is_absolute() or ".." in path.parts or "\\" in image_id or "\0" in image_id:
        raise CorpusError(f"{place}: image id {image_id!r} leaves the folder of pictures; use a plain file name")
    return image_id


def _split_line(line: str, place: str, odd: Counter[str]) -> tuple[str, str]:
    """Word and tag: the first and the last column; what lies between is counted and left out."""
    line = line.rstrip(BLANK)
    if "\t" in line:
        word, *extra, tag = line.split("\t")
        odd["words_with_blanks"] += word != word.strip(BLANK)
    else:
        head, found, tag = line.rpartition(" ")
        if not found:
            raise CorpusError(
                f"{place}: expected a word, a tab and its tag, found {line[:60]!r}; add the tag or a blank line"
            )
        # Blanks part the columns here, so none can belong to a word.
        word, *extra = [column for column in head.split(" ") if column] or [""]
        odd["words_with_blanks"] += head != head.strip(BLANK)
    odd["extra_columns"] += bool(extra)
    return word, check_tag(tag, place)


def _ends_in_tag(line: str) -> bool:
    """Whether the line has columns parted by tabs, and a BIO tag in the last."""
    _, tab, tag = line.rstrip(BLANK).rpartition("\t")
    return bool(tab) and TAG.fullmatch(tag) is not None


def parse(text: str, name: str, rename: Mapping[str, str] | None = None) -> RawSplit:
    """Parse the text of one file.

    `name` stands in error messages. `rename` maps entity types to new names. Errors: `CorpusError`.
    """
    split = RawSplit()
    odd = split.oddities
    if text.startswith("\ufeff"):
        odd["byte_order_marks"] += 1
        text = text[1:]
    renamed = dict(rename or {})
    image_id: str | None = None
    words: list[str] = []
    tags: list[str] = []
    first, blanks, open_block = 1, 0, False

    def close() -> None:
        nonlocal image_id, words, tags, open_block
        if words == [DOCUMENT_START]:
            odd["docstart_blocks"] += 1
        elif words:
            odd["sentences_without_image_id"] += image_id is None
            split.sentences.append(RawSentence(image_id, words, tags, first))
        elif open_block:
            odd["image_ids_without_words"] += 1
        image_id, words, tags, open_block = None, [], [], False

    # Only "\n" ends a line: str.splitlines() would cut words that hold U+2028 or U+0085.
    for number, line in enumerate(text.split("\n"), start=1):
        place = f"{name}:{number}"
        if not line.strip(BLANK):
            blanks += 1
            close()
            continue
        odd["extra_blank_lines"] += max(0, blanks - 1)
        blanks = 0
        # Inside a block, with a tag of its own, it is a word that looks like a header.
        inside = image_id is not None or bool(words)
        if line.startswith("IMGID:") and not (inside and _ends_in_tag(line)):
            if open_block:
                odd["missing_blank_lines"] += bool(words)
                close()
            image_id = check_image_id(line[len("IMGID:") :].split("\t")[0].strip(BLANK), place) or None
            first, open_block = number, True
            continue
        if not open_block:
            first, open_block = number, True
        word, tag = _split_line(line, place, odd)
        if tag != "O":
            prefix, kind = tag.split("-", 1)
            tag = f"{prefix}-{renamed.get(kind, kind)}"
        count_word(word, odd)
        words.append(word)
        tags.append(tag)
    close()
    # After the file's last line break `split` sees one blank line that is none.
    odd["extra_blank_lines"] += max(0, blanks - 1)
    return split


def count_word(word: str, odd: Counter[str]) -> None:
    """Count a word that many tokenizers or `str.split` would lose."""
    odd["empty_words"] += not word
    odd["no_break_space_words"] += "\u00a0" in word
    odd["invisible_words"] += bool(INVISIBLE.fullmatch(word))
    odd["replacement_character_words"] += "\ufffd" in word


def read_twitter(path: Path, rename: Mapping[str, str] | None = None) -> RawSplit:
    """Read one file. Errors: `CorpusError` for a missing, undecodable, malformed or empty file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise CorpusError(f"{path}: not found; set `files` of this corpus in params.yaml or add the file") from None
    split = parse(decode(content, str(path)), str(path), rename)
    if not split.sentences:
        raise CorpusError(f"{path}: no sentences; expected blocks of `word<TAB>tag` lines")
    return split
