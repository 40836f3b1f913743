"""The first screen: for each corpus the score, whether the picture helped, and what to be careful about."""

from __future__ import annotations

from html import escape

from tandem.reporting.cells import points
from tandem.reporting.markup import note
from tandem.reporting.results import READ_CAPTIONS, Results, Tree, number
from tandem.reporting.wording import plural
from tandem.reporting.words import corpus_sentences

READINGS = (
    (("controls", "shuffled_image"), "exchanged pictures"),
    (("controls", "noise_image"), "noise for pictures"),
    (("controls", "no_image"), "no pictures"),
    (("twin",), "text_only twin"),
)
# Tone and words, by whether the interval above the text_only twin lies above zero, across or below it, and by whether
# that of the cost of exchanged pictures lies above zero. A sentence that goes into a verdict starts with its words.
NONE = ("", "No evidence that the pictures help")
WORSE = ("bad", "The model is worse for having pictures")
VERDICTS = {
    (1, True): ("good", "The pictures help"),
    (1, False): ("", "Better than text_only, but no evidence that this is due to the pictures"),
    **{(0, read): NONE for read in (True, False)},
    **{(-1, read): WORSE for read in (True, False)},
}
TASKS = {"ner": "entities", "re": "relations"}


def summary_section(results: Results) -> str:
    """A card for each corpus."""
    several = len(results.seeds) > 1
    ceilings = any(number(results.ceiling.get(name), "picture", "expected_f1") for name in results.datasets)
    legend = (
        "All scores are × 100. "
        + ("a ± b: mean and sample standard deviation over the seeds. " if several else "One seed: no deviations. ")
        + (
            "95 %: interval of the bootstrap over test sentences. "
            if any(map(_has_interval, results.evaluate.values()))
            else ""
        )
        + ("Lines on the bars: what text alone, and text with pictures, can reach." if ceilings else "")
    )
    cards = "".join(_card(results, name) for name in results.datasets)
    return f'<div class="cards">\n{cards}</div>\n{note(legend)}'


def warnings(results: Results, name: str) -> list[str]:
    """What is odd about a corpus: its release, and test sentences that stand in what the models learn from."""
    odd = results.data.get(name, {}).get("warning")
    return [str(odd)] * bool(odd) + _leaks(results, name)


def _leaks(results: Results, name: str) -> list[str]:
    tree = results.evaluate.get(name)
    leaked = number(tree, "leaks", "sentences")
    if not leaked:
        return []
    total = number(tree, "sentences") or number(tree, "pairs")
    exact, near = (number(tree, "leaks", kind) or 0 for kind in ("exact", "near"))
    clean = number(tree, "clean", "f1")
    without = "" if clean is None else f"; without them {results.headline(name).title} is {points(clean)}"
    of = "" if total is None else f" of {total:,.0f}"
    return [
        f"{leaked:,.0f}{of} test sentences also stand in the train or validation split "
        f"({exact:,.0f} word for word, {near:,.0f} nearly){without}."
    ]


def verdict(results: Results, name: str) -> tuple[str, str]:
    """A tone (`good`, `bad`, or none) and, in few words, whether the pictures help; two empty texts where nobody knows.

    The difference to the text_only twin says whether the model gains; with pictures exchanged at test time, the
    difference says whether it does so because of what is on them.
    """
    if results.pictures(name)[0] == 0:
        return "", f"No {'captions' if results.fusion in READ_CAPTIONS else 'usable pictures'}"
    if results.fusion == "text_only":
        return "", "text_only reads no pictures"
    gained, read = (_side(results.evaluate.get(name), key) for key in ("twin", "picture"))
    return ("", "") if gained is None or read is None else VERDICTS[gained, read > 0]


def _side(tree: Tree | None, key: str) -> int | None:
    """On which side of zero the interval of a difference lies: 1, -1, or 0 across it; None without one."""
    low, high = number(tree, key, "low"), number(tree, key, "high")
    if low is None or high is None:
        return None
    return 1 if low > 0 else -1 if high < 0 else 0


def _card(results: Results, name: str) -> str:
    said = corpus_sentences(results, name)
    tone, short = verdict(results, name)
    whole = next((sentence for sentence in said if short and sentence.startswith(f"{short}:")), short)
    headline = f"<b>{escape(short)}</b>{escape(whole.removeprefix(short))}"
    judged = f'<p class="verdict {tone}">{headline}</p>\n' if short else ""
    odd = "".join(f'<p class="warn"><b>Careful:</b> {escape(text)}</p>\n' for text in warnings(results, name))
    rest = "".join(f"<li>{escape(sentence)}</li>" for sentence in said if sentence != whole)
    return (
        f'<article class="card"><header><h3>{escape(name)}</h3><span class="task">{TASKS[results.task(name)]}</span>'
        f"</header>\n{_score(results, name)}{judged}{odd}{_bars(results, name)}<ul>{rest}</ul></article>\n"
    )


def _score(results: Results, name: str) -> str:
    tree, f1, title = results.evaluate.get(name), results.f1(name), results.headline(name).title
    low, high = (number(tree, "interval", "f1", end) for end in ("low", "high"))
    parts = [f"test {title}"]
    if low is not None and high is not None:
        parts.append(f"95 %: {points(low)}–{points(high)}")
    seeds = int(number(tree, "seeds") or 0)
    deviation = number(tree, "std", results.headline(name).key, "f1")
    if seeds > 1 and deviation is not None:
        parts.append(f"± {points(deviation)} over {plural(seeds, 'seed')}")
    elif seeds:
        parts.append(plural(seeds, "seed"))
    return (
        f'<p class="score"><b>{points(f1)}</b> <span class="note">'
        + "<br>".join(f"<span>{escape(part)}</span>" for part in parts)
        + "</span></p>\n"
    )


def _has_interval(tree: Tree) -> bool:
    return number(tree, "interval", "f1", "low") is not None


def _bars(results: Results, name: str) -> str:
    """The score beside those under the controls, as bars with the ceilings drawn across them."""
    tree, ceiling = results.evaluate.get(name), results.ceiling.get(name)
    paths = ((((results.headline(name).key,), "own pictures")), *READINGS)
    found = [(label, number(tree, *path, "f1")) for path, label in paths]
    if sum(f1 is not None for _, f1 in found) < 2:
        return ""
    marks = "".join(
        f'<i class="{kind}" style="left:{100 * value:.1f}%"></i>'
        for kind, rule in (("text", "text_only"), ("best", "picture"))
        if (value := number(ceiling, rule, "expected_f1")) is not None
    )
    rows = "".join(
        f'<tr{" class=own" if place == 0 else ""}><th scope="row">{label}</th><td class="track" aria-hidden="true">'
        f'<span class="rail"><b style="width:{100 * f1:.1f}%"></b>{marks}</span></td><td>{points(f1)}</td></tr>'
        for place, (label, f1) in enumerate(found)
        if f1 is not None
    )
    return f'<table class="bars"><caption class="hidden">F1 with own and other pictures</caption>{rows}</table>\n'
