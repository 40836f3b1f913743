"""The report as one HTML page that stands alone: its styles and figures are inside, and it asks the network nothing."""

from __future__ import annotations

from html import escape

from tandem.reporting.figures import learning_figure, pictures_figure
from tandem.reporting.results import Results, number
from tandem.reporting.tables import (
    DASH,
    Table,
    ceiling_table,
    control_table,
    data_table,
    picture_table,
    points,
    span_table,
    token_table,
    type_table,
)
from tandem.reporting.words import corpus_sentences, setting

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --panel: #f5f6f8; --ink: #1f2328; --soft: #59636e; --line: #d0d5da;
  --heat: #0072b2; --series-0: #0072b2; --series-1: #d55e00; --series-2: #009e73; --series-3: #b0578c;
  --series-4: #b87d00; --series-5: #2f8fc7; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --panel: #1d2126; --ink: #e6e9ec; --soft: #9aa4ae;
  --line: #3a4149; --heat: #3d9bd6; --series-0: #4aa8e0; --series-1: #f0803c; --series-2: #2fc39a; --series-3: #dd8fbb;
  --series-4: #e9b03c; --series-5: #8cc8ee; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .4rem; padding-top: .6rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.2rem 0 .2rem; overflow-wrap: anywhere; }
p, ul { margin: .4rem 0 .8rem; max-width: 46rem; }
ul { padding-left: 1.2rem; }
.note { color: var(--soft); font-size: .9rem; }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin-top: 1rem; font-size: .9rem; }
a { color: var(--series-0); }
.cards { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
.card { background: var(--panel); border-radius: .5rem; padding: .8rem 1rem; }
.card h3 { margin-top: 0; }
.card .figure { font-size: 1.9rem; font-weight: 600; line-height: 1.2; font-variant-numeric: tabular-nums; }
.box { overflow-x: auto; margin: .6rem 0 1rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .55rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
.name { text-align: left; }
tbody .name { font-weight: 400; }
tr > :first-child { padding-left: 0; }
.heat td { text-align: center; border: 2px solid var(--paper); padding: .55rem .9rem; }
.heat thead th { text-align: center; }
.box svg { display: block; width: 100%; min-width: 36rem; max-width: 60rem; height: auto; }
"""


def page(results: Results) -> str:
    """The whole page."""
    title = f"Tandem: {results.fusion} on {', '.join(results.datasets)}"
    sections = [
        ("summary", "Summary", _summary(results)),
        ("entities", "Entities", _entities(results)),
        ("types", "Entity types", _types(results)),
        ("pictures", "What the pictures are worth", _pictures(results)),
        ("transfer", "Transfer", _transfer(results)),
        ("learning", "Learning curves", _learning(results)),
        ("data", "Data", _data(results)),
    ]
    if results.missing:
        sections.append(("missing", "Not there yet", _missing(results)))
    links = "".join(f'<a href="#{key}">{heading}</a>' for key, heading, _ in sections)
    body = "".join(f'<section id="{key}"><h2>{heading}</h2>{text}</section>\n' for key, heading, text in sections)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n'
        f"<body>\n<main>\n<h1>Tandem report</h1>\n<p>{escape(setting(results))}</p>\n<nav>{links}</nav>\n"
        f"{body}</main>\n</body>\n</html>\n"
    )


def html_table(table: Table, empty: str) -> str:
    """The table in a box of its own that scrolls sideways; the sentence `empty` if it has no rows."""
    if not table.rows:
        return _note(empty)

    def line(cells: list[str], scope: str) -> str:
        names = "".join(f'<th scope="{scope}" class="name">{escape(text)}</th>' for text in cells[: table.names])
        kind, opening = ("th", '<th scope="col">') if scope == "col" else ("td", "<td>")
        return f"<tr>{names}{''.join(f'{opening}{escape(text)}</{kind}>' for text in cells[table.names :])}</tr>\n"

    head, rows = line(table.columns, "col"), "".join(line(row, "row") for row in table.rows)
    return f'<div class="box" tabindex="0"><table><thead>{head}</thead><tbody>\n{rows}</tbody></table></div>\n'


def _summary(results: Results) -> str:
    cards = []
    for name in results.datasets:
        tree = results.evaluate.get(name)
        said = "".join(f"<li>{escape(sentence)}</li>" for sentence in corpus_sentences(results, name))
        cards.append(
            f'<div class="card"><h3>{escape(name)}</h3><div class="figure">{points(number(tree, "span", "f1"))}</div>'
            f'<div class="note">test span F1 × 100</div><ul>{said}</ul></div>'
        )
    several = len(results.seeds) > 1
    return f'<div class="cards">{"".join(cards)}</div>' + _note(
        "All scores are × 100. "
        + ("a ± b: mean and sample standard deviation over the seeds." if several else "One seed: no deviations.")
    )


def _entities(results: Results) -> str:
    return (
        "<h3>Span level</h3>"
        + _note(
            "An entity counts when its type and both its ends are right. F1, precision and recall are micro-averaged, "
            "by seqeval's default reading, the convention of published tables; strict: IOB2, where an orphan I- tag "
            "opens no entity."
        )
        + html_table(span_table(results), "No corpus has been evaluated yet.")
        + "<h3>Token level, with O</h3>"
        + _note("Each word's label counts, the many O among them. Not comparable with the span scores above.")
        + html_table(token_table(results), "No corpus has been evaluated yet.")
    )


def _types(results: Results) -> str:
    return html_table(type_table(results), "No corpus has been evaluated yet.")


def _pictures(results: Results) -> str:
    text = _note(
        "The same checkpoints, read with their own pictures, with every picture exchanged for that of another "
        "sentence, and without any. The cost is span F1 with the own pictures minus span F1 under the control, seed "
        "by seed: a model that uses its pictures pays."
    )
    if results.evaluate:
        text += _figure(pictures_figure(results))
    text += html_table(control_table(results), "No corpus has been evaluated yet.")
    ceilings = ceiling_table(results)
    if ceilings.rows:
        text += "<h3>What can be reached</h3>" + _note(
            "Generated corpora are made so that the best expected span F1 is known: with pictures, from text alone, "
            "and of the best reader of pictures once they are exchanged. A test split may lie a little to either side."
        )
        text += html_table(ceilings, "")
    return text


def _transfer(results: Results) -> str:
    names = results.datasets
    if not results.transfer:
        return _note("No transfer has been scored yet.")
    scores = [value for tree in results.transfer.values() if (value := number(tree, "span", "f1")) is not None]
    low, high = min(scores, default=0.0), max(scores, default=1.0)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    rows = "".join(
        f'<tr><th scope="row" class="name">{escape(source)}</th>'
        + "".join(_heat(results, source, target, low, high) for target in names)
        + "</tr>\n"
        for source in names
    )
    return (
        _note(
            "Test span F1 of models trained on the row's corpus and tested on the column's, in brackets the "
            "difference to the column's own models. Types that the two corpora name differently (MISC, OTHER) are "
            "mapped; types that one of them lacks count as errors."
        )
        + '<div class="box" tabindex="0"><table class="heat"><thead><tr>'
        + f'<th scope="col" class="name">trained on ↓ tested on →</th>{head}</tr></thead>'
        + f"<tbody>\n{rows}</tbody></table></div>\n"
    )


def _heat(results: Results, source: str, target: str, low: float, high: float) -> str:
    tree = results.transfer.get((source, target))
    f1, own = number(tree, "span", "f1"), number(results.evaluate.get(target), "span", "f1")
    if f1 is None:
        return f"<td>{DASH}</td>"
    deviation = None if number(tree, "seeds") == 1 else number(tree, "std", "span", "f1")
    strength = 8 + 44 * ((f1 - low) / (high - low) if high > low else 0.5)  # per cent; light enough for the ink
    difference = "" if own is None or source == target else f"<br>({points(f1 - own, signed=True)})"
    return (
        f'<td style="background: color-mix(in srgb, var(--heat) {strength:.0f}%, var(--paper))">'
        f"{points(f1, deviation)}{difference}</td>"
    )


def _learning(results: Results) -> str:
    figures = []
    for name in results.datasets:
        curves = {seed: results.history[name, seed] for seed in results.seeds if (name, seed) in results.history}
        figures.append(_figure(learning_figure(name, curves)) if curves else "")
    if not any(figures):
        return _note("No training has left its curve yet.")
    return _note("Ringed: the epoch that was kept, by validation span F1.") + "".join(figures)


def _data(results: Results) -> str:
    warnings = [
        f"<li>{escape(name)}: {escape(str(tree['warning']))}</li>"
        for name, tree in results.data.items()
        if tree.get("warning")
    ]
    return (
        _note(
            "Entities by seqeval's default reading, and by strict IOB2; they differ where an I- tag follows neither "
            "B- nor I- of its own type (an orphan). Gold tags are never repaired."
        )
        + html_table(data_table(results), "")
        + html_table(picture_table(results), "")
        + (f"<ul>{''.join(warnings)}</ul>" if warnings else "")
    )


def _missing(results: Results) -> str:
    files = "".join(f"<li><code>{escape(path)}</code></li>" for path in results.missing)
    return _note("Not on disk when the page was written; `dvc repro` makes them.") + f"<ul>{files}</ul>"


def _figure(svg: str) -> str:
    return f'<div class="box" tabindex="0">{svg}</div>\n'


def _note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>\n'
