from __future__ import annotations

import itertools
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.text.raw import locate, tokenise


def words(text: str) -> list[str]:
    return [piece.text for piece in tokenise(text)]


def blank(character: str) -> bool:
    """Whether a character may be in no word."""
    return character.isspace() or unicodedata.category(character) in {"Cc", "Cf", "Zs", "Zl", "Zp"}


CASES = [
    ("RT @Some_User: #NBA's U.S. trip!!", "RT|@Some_User|:|#NBA|'s|U.S.|trip|!|!"),
    ("I don't know O’Brien's re-election, 'quoted'", "I|don't|know|O’Brien|'s|re-election|,|'|quoted|'"),
    ("$4.4 at 7:30pm, 10,000 or 50% v2.0 3/4 (2013/14).", "$|4.4|at|7:30pm|,|10,000|or|50|%|v2.0|3/4|(|2013/14|)|."),
    ("AT&T, R&amp;B &amp; $AAPL w/o Ke$ha", "AT&T|,|R&amp;B|&amp;|$AAPL|w/o|Ke|$|ha"),
    (
        "https://en.wikipedia.org/wiki/Foo_(bar). (http://t.co/a)",
        "https://en.wikipedia.org/wiki/Foo_(bar)|.|(|http://t.co/a|)",
    ),
    ("www.a.org! bit.ly/x, Yahoo.com. t.co", "www.a.org|!|bit.ly/x|,|Yahoo.com|.|t|.|co"),
    ("cut http://t.co/ab… https://t…", "cut|http://t.co/ab…|https://t…"),
    ("Mail me.too@mail.example.org, @a@social.example", "Mail|me.too@mail.example.org|,|@a@social.example"),
    ("Love:) :-( ;D xD <3 ^_^ note:(see) :3 3:0", "Love|:)|:-(|;D|xD|<3|^_^|note|:|(|see|)|:3|3:0"),
    ("wow... -- so…", "wow|...|--|so|…"),
    ("👨‍👩‍👧👍🏽🇩🇪🇫🇷 1️⃣ ❤️☺Add Nike™", "👨‍👩‍👧|👍🏽|🇩🇪|🇫🇷|1️⃣|❤️|☺|Add|Nike|™"),
    ("مرحبا بالعالم नमस्ते दुनिया می‌خواهم 서울 Ελλάδα", "مرحبا|بالعالم|नमस्ते|दुनिया|می‌خواهم|서울|Ελλάδα"),
    ("東京2020だ #東京五輪 @user東 กรุง", "東|京|2020|だ|#東京五輪|@user|東|ก|รุ|ง"),
    ("a\u200bb \x00c\ufeff e\u0301a\u00ad\u0300", "a|b|c|e\u0301a\u00ad\u0300"),
    (" \t\n\u3000\x85", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_raw_words_are_those_of_tweets(text, expected):
    assert "|".join(words(text)) == expected


PARTS = [
    "@user",
    "#tag",
    "http://t.co/x(",
    "https://a.b…",
    ":)",
    "’s",
    "'",
    "&amp;",
    "\u200d",
    "\ufe0f",
    "👍",
    "🏽",
    "🇩",
    "日",
    "1",
    ".",
    "-",
]
TEXT = st.one_of(
    st.text(st.characters(), max_size=60),
    st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=3), st.just(" ")), max_size=30).map("".join),
)


@settings(max_examples=300, deadline=None)
@given(TEXT)
def test_raw_words_stand_where_they_say_and_cover_the_text(text):
    pieces, end = tokenise(text), 0
    for piece in pieces:
        assert piece.start >= end
        assert all(blank(character) for character in text[end : piece.start])
        assert text[piece.start : piece.end] == piece.text != ""
        assert not any(character.isspace() for character in piece.text)
        end = piece.end
    assert all(blank(character) for character in text[end:])
    assert locate(text, [piece.text for piece in pieces]) == pieces


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=8), max_size=8))
def test_raw_known_words_are_located(known):
    text = "  ".join(known)
    pieces = locate(text, known)
    assert [text[piece.start : piece.end] for piece in pieces] == known
    assert all(one.end <= two.start for one, two in itertools.pairwise(pieces))


@pytest.mark.parametrize("known", [["b", "a"], ["a", "c"], ["a", ""], ["a", "a"]])
def test_raw_words_that_do_not_stand_in_the_text_are_one_clear_error(known):
    with pytest.raises(ValueError, match=r"^words: number \d, .* does not stand in the text after the \d before it; "):
        locate("a b", known)


HOSTILE = [
    *(
        "a",
        "a.",
        "a-",
        "a@",
        "'s",
        ":",
        "(",
        "!",
        "&a",
        "1.",
        "x/",
        "://",
        "http://(",
        "www.",
        "_T",
        "a.b/",
        "👍\u200d",
    ),
    *("日", "\u0301", ").", "#", "@", "1,", "a\u00ad", "[:", "co.uk.", "a.b@"),
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_raw_takes_linear_time_on_endless_texts(unit):
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        tries = []
        for _ in range(3):  # the fastest says what the work is; what else the machine does adds to the others
            started = time.process_time()
            tokenise(text)
            tries.append(time.process_time() - started)
        return min(tries)

    assert seconds(40_000) < 24 * seconds(5_000) + 0.05  # linear: 8 times as long, quadratic: 64 times
