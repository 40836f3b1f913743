"""The page in a browser: nothing is asked of the network, nothing fails, nothing overflows."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tandem.reporting.report import write_report
from tandem.reporting.results import Results

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
UNLOADED = "[...document.images].filter(image => !image.complete || !image.naturalWidth).length"
OPEN_ALL = """() => {
  document.querySelectorAll('details').forEach(one => { one.open = true });
  document.querySelectorAll('img').forEach(one => { one.loading = 'eager' }) }"""
# Ratio of text's contrast to the page's background, WCAG 2: 4.5 and more is legible.
CONTRAST = """name => {
  const canvas = document.createElement('canvas').getContext('2d');
  const light = colour => {
    canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(v => {
      v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 });
    return .2126 * r + .7152 * g + .0722 * b };
  const style = getComputedStyle(document.documentElement);
  const worst = ['--paper', '--panel'].map(back => {
    const [one, two] = [light(style.getPropertyValue(name)), light(style.getPropertyValue(back))];
    return (Math.max(one, two) + .05) / (Math.min(one, two) + .05) });
  return Math.min(...worst) }"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, load: Callable[..., Results], made_up: SimpleNamespace) -> str:
    """Address of a page with everything on it."""
    folder = tmp_path_factory.mktemp("report")
    made_up.write_all(folder)
    write_report(load(folder, made_up.names, made_up.seeds), folder)
    return (folder / "report/index.html").as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_page_loads_whole_and_does_not_overflow(browser: Any, report: str, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(request.url))
    page.goto(report)
    assert page.evaluate(OVERFLOW) <= 0
    page.evaluate(OPEN_ALL)
    page.wait_for_function(f"{UNLOADED} === 0")
    assert page.evaluate(OVERFLOW) <= 0
    assert [address for address in asked if not address.startswith("data:")] == [report]
    assert said == []
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    for name in ("--ink", "--soft", "--good", "--bad", "--link"):
        assert page.evaluate(CONTRAST, name) >= 4.5, name
    context.close()


def test_page_is_worked_by_keyboard(browser: Any, report: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(report)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the summary"
    page.focus("#look")
    assert page.is_visible("img.heat")
    page.keyboard.press("Space")
    assert not page.is_visible("img.heat")
    page.close()


def test_page_prints_what_is_folded(browser: Any, report: str) -> None:
    page = browser.new_page()
    page.goto(report)
    folded = "getComputedStyle(document.querySelector('details:not([open])'), '::details-content').contentVisibility"
    assert page.evaluate(folded) == "hidden"
    page.emulate_media(media="print")
    assert page.evaluate(folded) == "visible"
    page.close()
