"""The report as one HTML page that stands alone: its styles and figures are inside, and it asks the network nothing."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

from tandem.reporting.confidence_page import confidence_section
from tandem.reporting.data_page import data_section
from tandem.reporting.drawing import Drawing
from tandem.reporting.entity_page import entity_section
from tandem.reporting.fusion_page import fusion_section
from tandem.reporting.gallery_page import gallery_section
from tandem.reporting.markup import Section, drawn, note
from tandem.reporting.phrases import score_name
from tandem.reporting.pictures_page import pictures_section
from tandem.reporting.relation_page import relation_section
from tandem.reporting.results import Results
from tandem.reporting.summary_page import summary_section
from tandem.reporting.transfer_page import transfer_section
from tandem.reporting.words import setting

STYLE = Path(__file__).with_name("page.css")


def page(results: Results, drawings: Mapping[str, Drawing]) -> str:
    """The whole page; `drawings` as `tandem.reporting.figures` makes them."""
    title = f"Tandem: {results.fusion} on {', '.join(results.datasets)}"
    sections = [section for section in _sections(results, drawings) if section.text]
    links = "".join(f'<a href="#{section.key}">{section.heading}</a>' for section in sections)
    body = "".join(
        f'<section id="{section.key}"><h2>{section.heading}</h2>\n{section.text}</section>\n' for section in sections
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n'
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#summary">Skip to the summary</a>\n<nav aria-label="Sections">{links}</nav>\n'
        f"<main>\n<header><h1>Tandem report</h1>\n<p>{escape(setting(results))}</p></header>\n"
        f"{body}</main>\n</body>\n</html>\n"
    )


def _sections(results: Results, drawings: Mapping[str, Drawing]) -> list[Section]:
    return [
        Section("summary", "Summary", summary_section(results)),
        Section("posts", "Posts", gallery_section(results)),
        Section("pictures", "Worth of the pictures", pictures_section(results, drawings)),
        Section("entities", "Entities", entity_section(results, drawings)),
        Section("relations", "Relations", relation_section(results, drawings)),
        Section("fusion", "Fusion compared", fusion_section(results, drawings)),
        Section("transfer", "Transfer", transfer_section(results)),
        Section("confidence", "Confidence", confidence_section(results, drawings)),
        Section("learning", "Learning curves", _learning(results, drawings)),
        Section("data", "Data", data_section(results)),
        Section("missing", "Not there yet", _missing(results)),
    ]


def _learning(results: Results, drawings: Mapping[str, Drawing]) -> str:
    figures = drawn(drawings, [f"learning-{name}" for name in results.datasets])
    if not figures:
        return note("No training has left its curve yet.")
    return note(f"Ringed: the epoch that was kept, by validation {score_name(results)}.") + figures


def _missing(results: Results) -> str:
    if not results.missing:
        return ""
    files = "".join(f"<li><code>{escape(path)}</code></li>" for path in results.missing)
    return note("Not on disk when the page was written; `dvc repro` makes them.") + f"<ul>{files}</ul>"
