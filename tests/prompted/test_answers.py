"""Answers on disk."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tandem.prompted.answers import Answer, AnswerStore, store_path


def test_answers_are_found_again_by_another_process(tmp_path) -> None:
    path = tmp_path / "a" / "chat.sqlite"
    kept = {"one": Answer("é {", "ok", 3, 4), "two": Answer("", "declined"), "three": Answer("x\0y", "truncated", 0, 0)}
    store = AnswerStore(path)
    for key, answer in kept.items():
        store.keep(key, answer)
    other = AnswerStore(path)  # while the first one is open
    assert other.find([*kept, "four", "one"]) == kept
    assert other.find([]) == {}
    store.close()
    other.close()


def test_answers_are_never_changed(tmp_path) -> None:
    store = AnswerStore(tmp_path / "chat.sqlite")
    store.keep("one", Answer("first", "ok"))
    store.keep("one", Answer("second", "ok"))
    assert store.find(["one"]) == {"one": Answer("first", "ok")}
    store.close()


def test_answers_of_many_threads_are_all_kept(tmp_path) -> None:
    store = AnswerStore(tmp_path / "chat.sqlite")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.keep(str(number), Answer(f"a{number}", "ok")), range(0, 1200, 20)))
    found = store.find(str(number) for number in range(1300))
    assert found == {str(number): Answer(f"a{number}", "ok") for number in range(0, 1200, 20)}
    store.close()


def test_answers_name_a_file_that_is_none(tmp_path) -> None:
    path = tmp_path / "chat.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(ValueError, match=r"chat.sqlite: file is not a database; .* move the file away"):
        AnswerStore(path)
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("CREATE TABLE answers (question TEXT)")
    other.close()
    store = AnswerStore(tmp_path / "other.sqlite")
    with pytest.raises(ValueError, match=r"other\.sqlite: no such column: key"):
        store.find(["one"])
    store.close()


def test_answers_of_queued_experiments_are_the_projects(tmp_path, monkeypatch) -> None:
    workspace = tmp_path / "tandem/.dvc/tmp/exps/tmpabc"
    workspace.mkdir(parents=True)
    monkeypatch.chdir(workspace)
    assert store_path() == Path(os.path.realpath(tmp_path)) / "tandem/data/answers/chat.sqlite"
    monkeypatch.chdir(tmp_path)
    assert store_path() == Path(os.path.realpath(tmp_path)) / "data/answers/chat.sqlite"
