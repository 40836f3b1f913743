"""The report as one HTML page that stands alone: its styles and figures are inside, and it asks the network nothing."""

from __future__ import annotations

from html import escape

from tandem.reporting.cells import points
from tandem.reporting.entity_page import entity_sections
from tandem.reporting.entity_tables import data_table
from tandem.reporting.figures import learning_figure, pictures_figure
from tandem.reporting.markup import figure, html_table, note
from tandem.reporting.phrases import score_meant, score_name
from tandem.reporting.relation_page import RELATION_STYLE, relation_sections
from tandem.reporting.relation_tables import pair_table
from tandem.reporting.results import Results
from tandem.reporting.tables import ceiling_table, control_table, picture_table
from tandem.reporting.transfer_page import transfer_section
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
    related = bool(results.of_task("re"))
    sections = [
        ("summary", "Summary", _summary(results)),
        *(entity_sections(results) if results.of_task("ner") else []),
        *(relation_sections(results) if related else []),
        ("pictures", "What the pictures are worth", _pictures(results)),
        ("transfer", "Transfer", transfer_section(results)),
        ("learning", "Learning curves", _learning(results)),
        ("data", "Data", _data(results)),
    ]
    if results.missing:
        sections.append(("missing", "Not there yet", _missing(results)))
    links = "".join(f'<a href="#{key}">{heading}</a>' for key, heading, _ in sections)
    body = "".join(f'<section id="{key}"><h2>{heading}</h2>{text}</section>\n' for key, heading, text in sections)
    style = STYLE + (RELATION_STYLE if related else "")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n'
        f"<body>\n<main>\n<h1>Tandem report</h1>\n<p>{escape(setting(results))}</p>\n<nav>{links}</nav>\n"
        f"{body}</main>\n</body>\n</html>\n"
    )


def _summary(results: Results) -> str:
    cards = []
    for name in results.datasets:
        said = "".join(f"<li>{escape(sentence)}</li>" for sentence in corpus_sentences(results, name))
        cards.append(
            f'<div class="card"><h3>{escape(name)}</h3><div class="figure">{points(results.f1(name))}</div>'
            f'<div class="note">test {results.headline(name).title} × 100</div><ul>{said}</ul></div>'
        )
    several = len(results.seeds) > 1
    return f'<div class="cards">{"".join(cards)}</div>' + note(
        "All scores are × 100. "
        + ("a ± b: mean and sample standard deviation over the seeds." if several else "One seed: no deviations.")
    )


def _pictures(results: Results) -> str:
    score = score_name(results)
    text = note(
        "The same checkpoints, read with their own pictures, with every picture exchanged for that of another "
        f"sentence, and without any. The cost is {score} with the own pictures minus {score} under the control, seed "
        f"by seed: a model that uses its pictures pays.{score_meant(results)}"
    )
    if results.evaluate:
        text += figure(pictures_figure(results))
    text += html_table(control_table(results), "No corpus has been evaluated yet.")
    ceilings = ceiling_table(results)
    if ceilings.rows:
        text += "<h3>What can be reached</h3>" + note(
            f"Generated corpora are made so that the best expected {score} is known: with pictures, from text alone, "
            "and of the best reader of pictures once they are exchanged. A test split may lie a little to either side."
        )
        text += html_table(ceilings, "")
    return text


def _learning(results: Results) -> str:
    figures = []
    for name in results.datasets:
        curves = {seed: results.history[name, seed] for seed in results.seeds if (name, seed) in results.history}
        figures.append(figure(learning_figure(name, results.headline(name).title, curves)) if curves else "")
    if not any(figures):
        return note("No training has left its curve yet.")
    return note(f"Ringed: the epoch that was kept, by validation {score_name(results)}.") + "".join(figures)


def _data(results: Results) -> str:
    warnings = [
        f"<li>{escape(name)}: {escape(str(tree['warning']))}</li>"
        for name, tree in results.data.items()
        if tree.get("warning")
    ]
    text = ""
    if results.of_task("ner"):
        text += note(
            "Entities by seqeval's default reading, and by strict IOB2; they differ where an I- tag follows neither "
            "B- nor I- of its own type (an orphan). Gold tags are never repaired."
        )
        text += html_table(data_table(results), "")
    if results.of_task("re"):
        text += note(
            "A pair is a row: two entities of a sentence and their relation, or None. Sentences are those of different "
            "text. Conflicting: pairs that stand there before with another relation. Nothing is left out or repaired."
        )
        text += html_table(pair_table(results), "")
    return text + html_table(picture_table(results), "") + (f"<ul>{''.join(warnings)}</ul>" if warnings else "")


def _missing(results: Results) -> str:
    files = "".join(f"<li><code>{escape(path)}</code></li>" for path in results.missing)
    return note("Not on disk when the page was written; `dvc repro` makes them.") + f"<ul>{files}</ul>"
