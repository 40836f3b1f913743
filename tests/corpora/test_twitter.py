"""The reader of the Twitter format: every word kept, every oddity counted, every error placed."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tandem.corpora.twitter import CorpusError, check_image_id, parse, read_twitter

SIMPLE = "IMGID:7\nRT\tO\nGeorge\tB-PER\nZimmerman\tI-PER\n\nIMGID:8\nhello\tO\n"


def test_twitter_reads_words_tags_and_image_ids() -> None:
    first, second = parse(SIMPLE, "train.txt").sentences
    assert (first.image_id, first.words, first.tags) == ("7", ["RT", "George", "Zimmerman"], ["O", "B-PER", "I-PER"])
    assert (second.image_id, second.line) == ("8", 6)


def test_twitter_counts_nothing_odd_in_a_clean_file() -> None:
    assert not +parse(SIMPLE, "train.txt").oddities
    assert parse(SIMPLE + "\n", "train.txt").oddities["extra_blank_lines"] == 1


def test_twitter_accepts_blank_separated_columns_and_windows_line_ends() -> None:
    (sentence,) = parse("IMGID:1\r\nNew B-LOC\r\nYork I-LOC\r\n", "x").sentences
    assert (sentence.image_id, sentence.words, sentence.tags) == ("1", ["New", "York"], ["B-LOC", "I-LOC"])


@pytest.mark.parametrize(
    ("word", "oddity"),
    [
        ("\u00a0", "no_break_space_words"),
        ("\ufe0f", "invisible_words"),
        ("\u200d\u200b", "invisible_words"),
        ("\ufffd", "replacement_character_words"),
        ("", "empty_words"),
    ],
)
def test_twitter_keeps_and_counts_words_that_others_lose(word: str, oddity: str) -> None:
    split = parse(f"IMGID:1\na\tO\n{word}\tO\nb\tB-PER\n", "x")
    assert split.sentences[0].words == ["a", word, "b"]
    assert split.oddities[oddity] == 1


@pytest.mark.parametrize(
    ("line", "word", "tag", "oddities"),
    [
        ("foo \tO", "foo ", "O", {"words_with_blanks": 1}),
        (" foo\tO", " foo", "O", {"words_with_blanks": 1}),
        ("New York\tB-LOC", "New York", "B-LOC", {}),
        ("foo  O", "foo", "O", {"words_with_blanks": 1}),
        (" foo O", "foo", "O", {"words_with_blanks": 1}),
        (" O", "", "O", {"empty_words": 1}),
        ("foo\tNN\tB-NP\tB-PER", "foo", "B-PER", {"extra_columns": 1}),
        ("foo\t\tO", "foo", "O", {"extra_columns": 1}),
        ("foo NN B-NP B-PER", "foo", "B-PER", {"extra_columns": 1}),
        ("foo  NN O\r", "foo", "O", {"extra_columns": 1}),
    ],
)
def test_twitter_takes_the_first_and_the_last_column(line: str, word: str, tag: str, oddities: dict) -> None:
    split = parse(f"IMGID:1\n{line}\n", "x")
    assert (split.sentences[0].words, split.sentences[0].tags) == ([word], [tag])
    assert dict(+split.oddities) == oddities


def test_twitter_keeps_tagged_words_that_look_like_headers() -> None:
    split = parse("IMGID:7\tO\nIMGID:foo\tO\nb\tO\nIMGID:8\nc\tO\n\nd\tO\nIMGID:9\tNN\tB-PER\n", "x")
    assert [s.image_id for s in split.sentences] == ["7", "8", None]
    assert [s.words for s in split.sentences] == [["IMGID:foo", "b"], ["c"], ["d", "IMGID:9"]]
    assert split.oddities["missing_blank_lines"] == 1


def test_twitter_skips_and_counts_document_starts() -> None:
    split = parse("-DOCSTART- -X- -X- O\n\nIMGID:1\na\tO\n-DOCSTART-\tO\n\n-DOCSTART-\tO\n", "x")
    assert [s.words for s in split.sentences] == [["a", "-DOCSTART-"]]
    assert dict(+split.oddities) == {"docstart_blocks": 2, "extra_columns": 1}


@pytest.mark.parametrize("end", ["", "\r", "\n"])
def test_twitter_names_line_ends_of_cr_alone(tmp_path, end: str) -> None:
    path = tmp_path / "train.txt"
    path.write_bytes(("IMGID:1\ra\tO\rb\tO" + end).encode())
    with pytest.raises(CorpusError, match=r"train\.txt: lines end in CR alone.*convert line ends to LF"):
        read_twitter(path)


def test_twitter_counts_extra_and_missing_blank_lines() -> None:
    split = parse("IMGID:1\na\tO\n\n\n\nIMGID:2\nb\tO\nIMGID:3\nc\tO\n", "x")
    assert [s.image_id for s in split.sentences] == ["1", "2", "3"]
    assert split.oddities["extra_blank_lines"] == 2
    assert split.oddities["missing_blank_lines"] == 1


def test_twitter_counts_sentences_without_image_and_images_without_words() -> None:
    split = parse("a\tO\n\nIMGID:5\n\nIMGID:6\nb\tO\n", "x")
    assert [s.image_id for s in split.sentences] == [None, "6"]
    assert split.oddities["sentences_without_image_id"] == 1
    assert split.oddities["image_ids_without_words"] == 1


def test_twitter_renames_types_but_never_repairs_tags() -> None:
    (sentence,) = parse("IMGID:1\na\tI-MISC\nb\tI-PER\n", "x", {"MISC": "OTHER"}).sentences
    assert sentence.tags == ["I-OTHER", "I-PER"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("word", "train.txt:2: expected a word, a tab and its tag"),
        ("word\tB", "train.txt:2: tag 'B' is not a BIO tag"),
        ("word\t0", "write the letter O"),
        ("word\tS-PER", "convert the file to BIO"),
        ("word\to", "tag 'o' is not a BIO tag"),
    ],
)
def test_twitter_places_malformed_lines(line: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        parse(f"IMGID:1\n{line}\n", "train.txt")


@pytest.mark.parametrize("image_id", ["../secret", "/etc/passwd", "a/../../b", "a\\b"])
def test_twitter_rejects_image_ids_that_climb_out(image_id: str) -> None:
    with pytest.raises(CorpusError, match=r"x:1: image id .* leaves the folder"):
        parse(f"IMGID:{image_id}\na\tO\n", "x")
    with pytest.raises(CorpusError):
        check_image_id(image_id, "x:1")


def test_twitter_places_bytes_that_are_not_utf8(tmp_path) -> None:
    path = tmp_path / "train.txt"
    path.write_bytes(b"IMGID:1\na\tO\nb\xff\tO\n")
    with pytest.raises(CorpusError, match=r"train\.txt:3: byte 0xff"):
        read_twitter(path)


def test_twitter_rejects_missing_and_empty_files(tmp_path) -> None:
    with pytest.raises(CorpusError, match="not found"):
        read_twitter(tmp_path / "none.txt")
    (tmp_path / "empty.txt").write_text("\n\n")
    with pytest.raises(CorpusError, match="no sentences"):
        read_twitter(tmp_path / "empty.txt")


def test_twitter_reads_past_a_byte_order_mark() -> None:
    split = parse("\ufeffIMGID:1\na\tO\n", "x")
    assert split.sentences[0].image_id == "1"
    assert split.oddities["byte_order_marks"] == 1


# Anything but what ends a line or a column, and the word that stands for no sentence.
WORDS = st.text(st.characters(exclude_characters="\n\r\t", exclude_categories=["Cs"]), min_size=1).filter(
    lambda word: word != "-DOCSTART-"
)
TAGS = st.sampled_from(["O", "B-PER", "I-PER", "B-geo-loc", "I-geo-loc"])
SENTENCES = st.lists(st.lists(st.tuples(WORDS, TAGS), min_size=1, max_size=6), min_size=1, max_size=5)


@given(SENTENCES)
@example([[("IMGID:2", "O"), (" ", "B-PER"), ("\ufeffa ", "I-PER"), ("a  b", "O")]])
def test_twitter_round_trips_any_words(sentences) -> None:
    text = "\n".join(
        f"IMGID:{number}\n" + "".join(f"{word}\t{tag}\n" for word, tag in sentence)
        for number, sentence in enumerate(sentences)
    )
    parsed = parse(text, "x").sentences
    assert [list(zip(s.words, s.tags, strict=True)) for s in parsed] == sentences
