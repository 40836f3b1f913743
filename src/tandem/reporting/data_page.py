"""What the page says of the data: sizes, pictures, and the analysis of each corpus."""

from __future__ import annotations

from html import escape

from tandem.reporting.entity_tables import data_table
from tandem.reporting.markup import html_table, note, tag
from tandem.reporting.relation_tables import pair_table
from tandem.reporting.results import Results, Tree
from tandem.reporting.summary_page import warnings
from tandem.reporting.tables import picture_table
from tandem.reporting.thumbnails import plot_address


def data_section(results: Results) -> str:
    """Tables of all corpora, warnings, and the analyses that `explore` has left."""
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
    text += html_table(picture_table(results), "")
    said = [f"<li>{escape(name)}: {escape(odd)}</li>" for name in results.datasets for odd in _odd(results, name)]
    text += f"<ul>{''.join(said)}</ul>" if said else ""
    return text + "".join(_analyses(results, name, found) for name, found in results.explore.items())


def _odd(results: Results, name: str) -> list[str]:
    """All that `prepare` warned of; what the first screen says, where its metrics are of an older form."""
    found = results.data.get(name, {}).get("warnings")
    return warnings(results, name) if found is None else [str(one) for one in found]


def _analyses(results: Results, name: str, found: list[Tree]) -> str:
    parts = "".join(_analysis(results, name, one) for one in found)
    return (
        f'<details class="group"><summary><b>{escape(name)}</b> '
        f'<span class="note">{len(found)} analyses</span></summary>\n'
        f'<div class="plots">{parts}</div></details>\n'
    )


def _analysis(results: Results, name: str, one: Tree) -> str:
    said = f"<b>{escape(str(one['title']))}.</b> {escape(str(one['sentence']))}"
    path = results.root / f"plots/explore/{name}" / str(one["png"])
    if one["png"] is None or not path.is_file():
        return f"<p>{said}</p>\n"
    found = plot_address(path)
    label = f"{one['title']} of {name}: {one['sentence']}"
    image = tag("img", src=found.address, alt=label, width=found.width, height=found.height, loading="lazy")
    kind = "seen" if one.get("kind") == "pictures" else "chart"
    box = f'<div class="box" tabindex="0">{image}</div>'
    return f'<figure class="plot {kind}">{box}<figcaption>{said}</figcaption></figure>\n'
