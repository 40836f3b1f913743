"""The comment: what it says, in which order, and that it is never too long."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tandem.evaluation.significance import Difference
from tandem.review.drawings import Drawings
from tandem.review.page import LIMIT, MARKER, Review, comment, failure, headline, stages_note, text
from tandem.review.scores import Score, Scores
from tandem.review.verdicts import Verdict

GITHUB = 65_536  # characters of a comment


def review(*scores: Score, verdicts: tuple[Verdict, ...] = (), **more: Any) -> Review:
    moved = sum(score.moved for score in scores)
    found = Scores({score.corpus: score for score in scores}, (), 1, 10 * len(scores), moved)
    return Review(base="main", scores=found, verdicts=verdicts, **more)


def verdict(corpus: str, p: float, *, equal: bool = False) -> Verdict:
    return Verdict(corpus, Difference(0.01, -0.005, 0.02, p / 3), p, equal)


UP, SAME = Score("up", "span F1", 0.8, 0.81), Score("same", "span F1", 0.8, 0.8)


def test_headline_tells_chance_from_more_and_names_what_stayed() -> None:
    scores = [UP, Score("down", "relation F1", 0.5, 0.49), Score("lost", "span F1", 0.5, 0.4), SAME]
    scores += [Score("new", "span F1", None, 0.4), Score("gone", "span F1", 0.4, None)]
    verdicts = (verdict("up", 0.2), verdict("down", 0.0001), Verdict("lost", None), verdict("same", 1, equal=True))
    assert headline(review(*scores, verdicts=verdicts)).splitlines() == [
        "- **down**: relation F1 -1.00 (50.00 → 49.00), beyond chance (p < 0.001).",
        "- **up**: span F1 +1.00 (80.00 → 81.00), within chance (p 0.200).",
        "- **lost**: span F1 -10.00 (50.00 → 40.00); whether by chance is not known.",
        "- **new** is new.",
        "- **gone** is gone.",
        "- Unmoved: same.",
    ]


def test_headline_of_other_predictions_with_an_equal_score_is_no_silence() -> None:
    assert "within chance" in headline(review(SAME, verdicts=(verdict("same", 0.9),)))


def test_headline_where_nothing_moved_says_how_much_was_looked_at() -> None:
    assert headline(review(SAME)) == "**Nothing moved**: 10 metrics in 1 file are as in the base."
    other = Review(base="main", scores=Scores({"same": SAME}, (), 2, 1200, 3))
    assert headline(other) == "**No headline moved**; of 1,200 metrics, 3 did."
    assert "no metrics" in headline(Review(base="main", scores=Scores({}, (), 0, 0, 0)))


def test_comment_has_its_parts_in_the_order_of_their_weight() -> None:
    page = comment(
        review(
            UP,
            verdicts=(verdict("up", 0.03),),
            drawings=Drawings({"1-a.png": "Scores"}, ["plots/b.csv"]),
            metrics="| a          |\n|------------|\n| metric     |\n",
            params="| a |\n|---|\n| knob |\n",
            notes=["3 stages ran."],
        )
    )
    assert page.startswith(f"{MARKER}\n## Results against `main`\n\n- **up**")
    parts = ["### Scores", "### Significance", "### Plots", "![Scores](1-a.png)", "| knob |", "| metric |", "3 stages"]
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    assert "| up | span F1 | +1.00 | -0.50 to +2.00 | 0.010 | 0.030 | beyond chance |" in page
    assert page.count("<details>") == page.count("</details>") == 2


def test_comment_has_the_scores_of_a_corpus_together_and_what_did_not_move_counted() -> None:
    below = (Score("down", "recall", 0.5, 0.4), Score("up-down", "transfer", 0.5, 0.4), Score("up", "recall", 0.5, 0.6))
    down = Score("down", "span F1", 0.5, 0.4)
    page = comment(Review(base="main", scores=Scores({"up": UP, "down": down, "same": SAME}, below, 1, 6, 5)))
    rows = re.findall(r"^\| ([a-z-]+) \| (\w+)", page, re.MULTILINE)
    expected = [("up", "span"), ("up", "recall"), ("down", "span"), ("down", "recall"), ("up-down", "transfer")]
    assert [row for row in rows if row[0] not in ("corpus", "---")] == expected
    assert "1 score of this kind did not move." in page


def test_comment_leaves_out_tables_without_rows() -> None:
    page = comment(review(SAME, params="| Path |\n|---|\n\n", metrics=""))
    assert "<details>" not in page
    assert "###" not in page


def test_comment_is_cut_between_rows_and_says_so() -> None:
    rows = [f"| metrics/{place}.json | span.f1 | 0.1 | 0.2 | 0.1 |" for place in range(3000)]
    page = comment(review(UP, metrics="\n".join(["| a |", "|---|", *rows]), notes=["last words"]))
    assert len(page) <= LIMIT < GITHUB
    left = int(re.search(r"\*([\d,]+) rows more in the artifact", page)[1].replace(",", ""))
    assert page.count("| span.f1 |") == 3000 - left
    assert page.endswith("<sub>last words</sub>\n")
    assert page.count("<details>") == page.count("</details>") == 1


def test_comment_of_too_many_corpora_is_cut_too() -> None:
    page = comment(review(*(Score(f"corpus{place}", "span F1", 0.1, 0.2) for place in range(2000))))
    assert len(page) <= LIMIT + 1
    assert page.endswith("a comment takes no more.*\n")


def test_failure_names_the_stage_and_shows_the_last_lines_as_they_are() -> None:
    log = [f"line {place}" for place in range(100)] + ["```", "@someone `x`", "y" * 1000]
    page = failure("main", "train@a-1", "exited with 1", log)
    assert page.startswith(MARKER)
    assert "**Stage `train@a-1` failed**" in page
    assert "line 99\n```\n@someone `x`\n" in page
    assert page.count("````") == 2  # the fence is longer than any in the log
    assert "line 9\n" not in page
    assert len(page) < 2500
    assert "**The pipeline failed**" in failure("main", None, "no dvc.yaml", [])


@pytest.mark.parametrize("words", ["a|b", "<img src=x>", "**b**", "[x](y)", "@all", "a\nb"])
def test_text_is_nothing_but_words(words: str) -> None:
    shown = text(words)
    assert "<" not in shown
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)[*`|@\[]", shown)


def test_stages_note_counts() -> None:
    counts = {"ran": 1, "taken from the run cache": 0, "up to date": 12}
    assert stages_note(counts) == "1 stage ran and 12 stages up to date."
    assert stages_note({"ran": 0}) == ""
