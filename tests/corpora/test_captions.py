"""The reader of captions: ids without a caption counted, lines of another kind placed."""

from __future__ import annotations

import pytest

from tandem.corpora.captions import read_captions
from tandem.corpora.twitter import CorpusError


@pytest.fixture
def read(tmp_path):
    def read(content: str):
        path = tmp_path / "captions.tsv"
        path.write_bytes(content.encode())
        return read_captions(path)

    return read


def test_captions_are_read_by_id_and_every_count_is_there(read) -> None:
    captions, counts = read("\ufeff1\ta cat\r\n\n2\ta dog\ton a mat\n")
    assert captions == {"1": "a cat", "2": "a dog\ton a mat"}
    assert dict(counts) == {"empty": 0, "repeated_ids": 0, "lines_without_tab": 0}


def test_captions_of_ids_alone_are_empty_and_counted(read) -> None:
    captions, counts = read("1\ta cat\n2\t\n17_06_12483\n 4 \r\n1\n")
    assert captions == {"1": "a cat", "2": "", "17_06_12483": "", "4": ""}
    assert dict(counts) == {"empty": 3, "repeated_ids": 1, "lines_without_tab": 3}


def test_captions_ids_lose_blanks_but_not_the_no_break_space(read) -> None:
    captions, _ = read(" 1 \ta cat\n\u00a02\ta dog\n")
    assert captions == {"1": "a cat", "\u00a02": "a dog"}


def test_captions_refuse_prose_without_a_tab(read) -> None:
    with pytest.raises(CorpusError, match=r"captions\.tsv:2: .*found 'and a dog'; put a tab after the image id"):
        read("1\ta cat\nand a dog\n")


def test_captions_name_line_ends_of_cr_alone(read) -> None:
    with pytest.raises(CorpusError, match=r"captions\.tsv: lines end in CR alone"):
        read("1\ta cat\r2\ta dog\r")


def test_captions_name_the_missing_file(tmp_path) -> None:
    with pytest.raises(CorpusError, match=r"none\.tsv: not found; set `captions`"):
        read_captions(tmp_path / "none.tsv")
