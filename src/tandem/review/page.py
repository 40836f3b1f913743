"""The comment: Markdown that GitHub and GitLab show, most important first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tandem.reporting.results import CHANCE, HEADLINES
from tandem.reporting.wording import listed, plural
from tandem.review.drawings import Drawings
from tandem.review.post import MARKER
from tandem.review.scores import Score, Scores
from tandem.review.verdicts import Verdict

LIMIT = 60_000  # characters; GitHub takes 65,536, and addresses of pictures are put in later
LOG_LINES, LOG_WIDTH = 30, 300
TABLE_HEAD = 2  # lines of a table before its first row


@dataclass(frozen=True, kw_only=True)
class Review:
    """All that the comment tells."""

    base: str
    notes: Sequence[str] = ()
    scores: Scores
    verdicts: Sequence[Verdict] = ()
    drawings: Drawings = field(default_factory=lambda: Drawings({}, ()))
    metrics: str = ""
    params: str = ""


def comment(review: Review) -> str:
    """The whole comment, never longer than LIMIT: the long tables are cut first, between two rows."""
    head = "\n\n".join(
        [
            f"{MARKER}\n## Results against `{review.base}`",
            headline(review),
            *_scores(review),
            *_significance(review),
            *_plots(review.drawings),
        ]
    )
    foot = "\n\n".join(f"<sub>{text(note)}</sub>" for note in review.notes)
    room = LIMIT - len(head) - len(foot) - 200
    folded = []
    for title, table in (("Changed knobs", review.params), ("All changed metrics", review.metrics)):
        if len(table.strip().splitlines()) > TABLE_HEAD:
            folded.append(_folded(title, table.strip(), room))
            room -= len(folded[-1])
    return cut("\n\n".join(filter(None, [head, *folded, foot]))) + "\n"


def failure(base: str, stage: str | None, reason: str, log: Sequence[str], notes: Sequence[str] = ()) -> str:
    """The comment where the pipeline did not come to its end."""
    what = f"Stage `{stage}` failed" if stage else "The pipeline failed"
    tail = "\n".join(line[:LOG_WIDTH] for line in log[-LOG_LINES:])
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", tail)), default=0))
    parts = [
        f"{MARKER}\n## Results against `{base}`",
        f"**{what}**, so there is nothing to compare: {text(reason[:LOG_WIDTH])}",
        f"<details open><summary>Last lines</summary>\n\n{fence}text\n{tail}\n{fence}\n</details>",
        *(f"<sub>{text(note)}</sub>" for note in notes),
    ]
    return cut("\n\n".join(parts)) + "\n"


def headline(review: Review) -> str:
    """What moved, in words, and whether it is beyond chance."""
    scores, verdicts = review.scores, {verdict.corpus: verdict for verdict in review.verdicts}
    if not scores.files:
        return "**There are no metrics to compare**, neither here nor there."
    beyond, within, unknown, still = [], [], [], []
    for corpus, score in scores.headlines.items():
        verdict = verdicts.get(corpus)
        if score.before is None or score.now is None:
            unknown.append(f"**{text(corpus)}** is {'new' if score.before is None else 'gone'}")
        elif verdict is None or verdict.p is None:
            if score.moved:
                unknown.append(f"{_moved(score)}; whether by chance is not known")
            else:
                still.append(corpus)
        elif verdict.equal:
            still.append(corpus)
        elif verdict.p < CHANCE:
            beyond.append(f"{_moved(score)}, beyond chance (p {_p(verdict.p)})")
        else:
            within.append(f"{_moved(score)}, within chance (p {_p(verdict.p)})")
    lines = [f"- {line}." for line in [*beyond, *within, *unknown]]
    if not lines:
        counted = plural(scores.values, "metric")
        if not scores.moved:
            return f"**Nothing moved**: {counted} in {plural(scores.files, 'file')} are as in the base."
        return f"**No headline moved**; of {counted}, {scores.moved:,} did."
    if still:
        lines.append(f"- Unmoved: {text(listed(still))}.")
    return "\n".join(lines)


def text(words: str) -> str:
    """Words that no Markdown or HTML in them changes, on one line."""
    plain = " ".join(words.split()).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*\[\]|@#])", r"\\\1", plain)


def cut(page: str) -> str:
    """The page, or as much of it as a comment takes, and a note."""
    if len(page) <= LIMIT:
        return page
    note = "\n\n*The rest was cut: a comment takes no more.*"
    return page[: LIMIT - len(note)].rpartition("\n")[0] + note


def _moved(score: Score) -> str:
    assert score.before is not None
    assert score.now is not None
    change = 100 * (score.now - score.before)
    return f"**{text(score.corpus)}**: {score.name} {change:+.2f} ({_percent(score.before)} → {_percent(score.now)})"


def _scores(review: Review) -> list[str]:
    rows = [score for score in [*review.scores.headlines.values(), *review.scores.below] if score.moved]
    if not rows:
        return []
    places = {corpus: place for place, corpus in enumerate(review.scores.headlines)}
    rows.sort(key=lambda row: places.get(row.corpus, len(places)))  # each corpus below its headline, transfers last
    cells = [[text(row.corpus), row.name, _percent(row.before), _percent(row.now), _change(row)] for row in rows]
    table = _table(["corpus", "score × 100", "base", "here", "change"], cells, names=2)
    same = len(review.scores.headlines) + len(review.scores.below) - len(rows)
    return ["### Scores", table + (f"\n\n{plural(same, 'score')} of this kind did not move." if same else "")]


def _significance(review: Review) -> list[str]:
    if not review.verdicts:
        return []
    titles = {corpus: score.name for corpus, score in review.scores.headlines.items()}
    rows, whys = [], []
    for verdict in review.verdicts:
        found, name = verdict.difference, text(verdict.corpus)
        if found is None or verdict.p is None:
            whys.append(f"- {name}: {text(verdict.why)}.")
            continue
        said = "equal predictions" if verdict.equal else "beyond chance" if verdict.p < CHANCE else "within chance"
        bounds = f"{100 * found.low:+.2f} to {100 * found.high:+.2f}"
        title = titles.get(verdict.corpus, HEADLINES["ner"].title)
        rows.append([name, title, f"{100 * found.delta:+.2f}", bounds, _p(found.p), _p(verdict.p), said])
    parts = ["### Significance"]
    if rows:
        columns = ["corpus", "score", "change", "95 % interval", "p", "p (Holm)", "verdict"]
        about = (
            "Paired bootstrap over the sentences of the test split, seeds averaged in each resample; "
            "p-values corrected for the number of corpora."
        )
        parts += [_table(columns, rows, names=2), about]
    if whys:
        parts.append("Not compared:\n" + "\n".join(whys))
    return parts


def _plots(drawings: Drawings) -> list[str]:
    if not drawings.made and not drawings.missing:
        return []
    pictures = [f"![{title.replace(']', '')}]({file})" for file, title in drawings.made.items()]
    notes = [f"Not drawn: {text(drawings.missing)}."] if drawings.missing else []
    if drawings.equal:
        notes.append(f"Plots that are equal: {text(listed(list(drawings.equal)))}.")
    return ["### Plots", *pictures, *notes]


def _folded(title: str, table: str, room: int) -> str:
    """A table under a title that opens; cut at the end of a row where it is longer than `room`."""
    # Columns are padded for terminals: as much again as there is to read.
    lines = [re.sub(" {2,}", " ", re.sub("-{4,}", "---", line)) for line in table.splitlines()]
    kept, used = [], len(title) + 150
    for line in lines:
        used += len(line) + 1
        if used > room:
            break
        kept.append(line)
    left = len(lines) - len(kept)
    more = f"\n\n*{plural(left, 'row')} more in the artifact `review`: a comment takes no more.*" if left else ""
    body = "\n".join(kept) if len(kept) > TABLE_HEAD else ""
    return f"<details><summary>{title}</summary>\n\n{body}{more}\n\n</details>"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, names: int) -> str:
    rule = ["---" if place < names else "---:" for place in range(len(columns))]
    return "\n".join("| " + " | ".join(row) + " |" for row in [columns, rule, *rows])


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.2f}"


def _change(score: Score) -> str:
    if score.before is None or score.now is None:
        return "new" if score.before is None else "gone"
    return f"{100 * (score.now - score.before):+.2f}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def stages_note(counts: Mapping[str, int]) -> str:
    """How many stages ran, came from the cache, or stood as they were."""
    said = [f"{plural(number, 'stage')} {what}" for what, number in counts.items() if number]
    return f"{listed(said)}." if said else ""
