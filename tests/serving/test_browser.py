"""The page in a browser: by mouse and by keyboard, with pictures and without, light and dark."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

import tandem
from tandem.serving.app import create_app
from tandem.serving.examples import Example
from tandem.serving.guard import LOOPBACK
from tandem.serving.limits import Limits

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
DROP = """([name, bytes, target]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([new Uint8Array(bytes)], name, { type: 'image/png' }));
  for (const kind of ['dragenter', 'dragover', 'drop']) {
    const event = new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true });
    document.querySelector(target).dispatchEvent(event) } }"""
PASTE = """bytes => {
  const carried = new DataTransfer();
  carried.items.add(new File([new Uint8Array(bytes)], 'image.png', { type: 'image/png' }));
  document.querySelector('#text').dispatchEvent(
    new ClipboardEvent('paste', { clipboardData: carried, bubbles: true, cancelable: true })) }"""
# The worst ratio of contrast between the text of elements and what is painted behind it, WCAG 2.
CONTRAST = """selector => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const paint = colours => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1) }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3) };
  const light = colours => {
    const [r, g, b] = paint(colours).map(v => {
      v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 });
    return .2126 * r + .7152 * g + .0722 * b };
  const ratios = [...document.querySelectorAll(selector)].map(element => {
    const backs = [];
    for (let one = element; one; one = one.parentElement) backs.unshift(getComputedStyle(one).backgroundColor);
    const [one, two] = [light([...backs, getComputedStyle(element).color]), light(backs)];
    return (Math.max(one, two) + .05) / (Math.min(one, two) + .05) });
  return ratios.length ? Math.min(...ratios) : 0 }"""
LIMITS = Limits(characters=10_000, picture_bytes=1 << 20)


@pytest.fixture
def address(running, made_up, tmp_path, picture_of) -> Iterator[str]:
    """Of a server with a made-up model."""
    (tmp_path / "a.png").write_bytes(picture_of("PER"))
    examples = [Example("Ann saw Paris", tmp_path / "a.png", "image/png"), Example("🙂 nobody at " + "home" * 40)]
    app = create_app(made_up, limits=LIMITS, examples=examples, hosts=LOOPBACK)
    with running(app) as found:
        yield found


class Watched:
    """A page that is open, and what it asked for and complained about."""

    def __init__(self, context: Any, address: str) -> None:
        self.asked: list[str] = []
        self.said: list[str] = []
        self.page = context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.goto(address)
        self.page.wait_for_selector(".example")

    def submit(self) -> None:
        self.page.focus("#text")
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_selector("#answer:not([aria-busy]) .tagged")


@pytest.fixture
def watched(browser, address) -> Iterator[Any]:
    """`watched(width=390, scheme="light")`: the page; afterwards, that all was well."""
    opened: list[Watched] = []

    def make(width: int = 1280, scheme: str = "light") -> Watched:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        opened.append(Watched(context, address))
        return opened[-1]

    yield make
    for one in opened:
        assert one.said == []
        assert all(url.startswith((address, f"blob:{address}")) for url in one.asked)
        assert one.page.evaluate(OVERFLOW) <= 0
        one.page.context.close()


def until(page: Any, expression: str) -> None:
    """Wait for it to be true. (Playwright's own way is `eval`, which the page's policy forbids.)"""
    end = time.monotonic() + 20
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(20)


def boxes(page: Any, selector: str) -> list[dict[str, float]]:
    """Where the elements are, in their order in the page, at one moment."""
    code = "found => found.map(one => one.getBoundingClientRect().toJSON())"
    found: list[dict[str, float]] = page.locator(selector).evaluate_all(code)
    return found


def chips(page: Any) -> list[tuple[str, ...]]:
    """The entities in the text: what is marked, its type, and how sure the model is."""
    return [tuple(text.split()) for text in page.locator(".tagged mark").all_inner_texts()]


def test_browser_reads_a_typed_post_with_a_dropped_picture(browser, running, trained, picture_of) -> None:
    app = create_app(tandem.load(trained), limits=LIMITS, examples=[Example("saw Paris")], hosts=LOOPBACK)
    with running(app) as address:
        page = (watched := Watched(browser.new_context(), address)).page
        types = []
        for kind in ("PER", "LOC"):
            page.fill("#text", "")
            page.focus("#text")
            page.keyboard.type("saw Paris today")
            page.evaluate(DROP, [f"{kind}.png", list(picture_of(kind, 99)), "#drop"])
            assert page.inner_text("#preview-name") == f"{kind}.png"
            until(page, "document.querySelector('#preview-image').naturalWidth === 64")
            page.keyboard.press("Control+Enter")
            until(page, f"document.querySelector('.tagged mark')?.innerText.includes('{kind}')")
            ((name, *_),) = chips(page)
            types.append(name)
            assert page.is_visible(".seen img")
            until(page, "document.querySelector('.seen canvas').clientWidth > 0")
            image, canvas = boxes(page, ".seen img, .seen canvas")
            assert canvas["width"] == canvas["height"] == image["height"]  # the largest centred square
            assert canvas["x"] - image["x"] == pytest.approx((image["width"] - image["height"]) / 2, abs=1)
        assert types == ["Paris", "Paris"]
        assert "1 entity" in page.inner_text("#status")
        assert watched.said == []
        page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_browser_shows_all_that_the_model_says(watched, picture_of, width: int, scheme: str) -> None:
    one = watched(width, scheme)
    page = one.page
    page.fill("#text", "👋 Ann saw Paris\nand then " + "so " * 30 + "Rome")
    page.set_input_files("#picture", {"name": "a.png", "mimeType": "image/png", "buffer": picture_of("PER")})
    one.submit()
    assert [chip[0] for chip in chips(page)] == ["Ann", "Paris", "Rome"]  # not shifted by the emoji
    assert page.locator(".tagged mark").nth(0).get_attribute("class") == "entity gained"
    assert page.locator(".tagged mark").nth(1).get_attribute("class") == "entity retyped"
    assert "PER ← LOC" in page.locator(".tagged mark").nth(1).inner_text()
    assert page.locator(".changes li").all_inner_texts()[0].endswith("is found as PER with the picture alone.")
    assert page.locator(".changes li").count() == 5  # three entities, and two relations that it makes surer
    assert page.locator(".tagged .arc-name").all_text_contents() == ["peer of", "peer of"]
    assert page.locator(".tagged .tip").count() == 2
    assert "3 entities, 2 relations, the picture changed 5 things" in page.inner_text("#status")
    assert "the top right" in page.get_attribute(".seen img", "alt")
    page.locator(".toggle input").focus()
    page.keyboard.press("Space")
    assert not page.is_visible(".seen canvas")
    assert page.locator(".weights li").count() == page.locator(".weights .bar").count() == 37
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    for selector in (".entity", ".note", ".type", ".mark", "#submit", "#status", "td", "#about", "a", ".example"):
        assert page.evaluate(CONTRAST, selector) >= 4.5, selector


def test_browser_draws_each_arrow_from_one_entity_to_the_other(watched) -> None:
    one = watched(390)
    one.page.fill("#text", "Ann saw " + "so " * 12 + "Rome")
    one.submit()
    until(one.page, "document.querySelectorAll('.tip').length === 1")
    status, first, last, start, *_, tip = boxes(one.page, "#status, .tagged mark, .arc, .tip")
    assert first["bottom"] < last["top"]  # another line
    assert last["left"] <= tip["left"] < tip["right"] <= last["right"]
    assert last["top"] - 12 <= tip["top"] < tip["bottom"] <= last["top"] + 2
    assert first["left"] <= start["left"] <= first["right"] < start["right"]
    assert first["top"] - 8 <= start["bottom"] <= first["top"]
    assert start["top"] >= status["bottom"]  # covers nothing above the text
    one.page.set_viewport_size({"width": 1280, "height": 800})
    until(one.page, "document.querySelectorAll('.arc').length === 1")  # one line now, one piece


def test_browser_is_worked_by_keyboard_alone(watched, made_up) -> None:
    page = watched().page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the post"
    page.keyboard.press("Enter")
    page.keyboard.type("Ann")
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.innerText"))
        visible = page.evaluate(
            "getComputedStyle(document.activeElement.closest('.drop') ?? document.activeElement).outlineStyle"
        )
        assert visible != "none"
    assert reached[:2] == ["picture", "submit"]
    assert "Ann saw Paris" in reached[2]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")  # the first example
    page.wait_for_selector("#answer:not([aria-busy]) .tagged")
    assert page.input_value("#text") == "Ann saw Paris"
    assert page.evaluate("document.activeElement.className") == "example"  # nobody is moved about
    assert made_up.asked[-1].image is not None
    page.focus("#remove")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "picture"
    page.focus("#submit")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.tagged mark')?.innerText.includes('LOC')")
    assert made_up.asked[-1].image is None


def test_browser_takes_pictures_that_are_pasted_or_miss_the_field(watched, made_up, picture_of) -> None:
    one = watched()
    one.page.fill("#text", "Ann")
    one.page.evaluate(PASTE, list(picture_of("PER", 1)))
    one.submit()
    assert made_up.asked[-1].image == picture_of("PER", 1)
    one.page.evaluate(DROP, ["b.png", list(picture_of("PER", 2)), "h1"])
    assert one.page.inner_text("#preview-name") == "b.png"
    assert not one.page.locator(".drop.over").count()


def test_browser_reads_on_with_a_broken_picture_and_says_so(watched) -> None:
    one = watched(390)
    one.page.fill("#text", "Ann")
    one.page.evaluate(DROP, ["a.png", [137, 80, 78, 71], "#drop"])
    one.submit()
    assert one.page.inner_text(".warn").startswith("The picture cannot be opened")
    assert one.page.inner_text("#preview-name") == "a.png (cannot be shown here)"
    assert [chip[0] for chip in chips(one.page)] == ["Ann"]


def test_browser_says_what_cannot_be_read(watched, made_up) -> None:
    page = watched(390).page

    def refused() -> str:
        page.focus("#text")
        page.keyboard.press("Control+Enter")
        until(page, "document.querySelector('#problem').innerText")
        return page.inner_text("#problem")

    assert page.get_attribute("#problem", "role") == "alert"
    assert refused() == "There is no text to read: type a post."
    page.fill("#text", "word " * 4_000)
    assert page.inner_text("#problem") == ""
    assert page.inner_text("#count") == "20,000 of 10,000 characters"
    assert refused().startswith("The text has 20,000 characters; at most 10,000 can be read at once.")
    page.fill("#text", "Ann")
    page.evaluate("Object.defineProperty(window, 'many', { value: Array.from({ length: 2 ** 20 + 1 }, () => 0) })")
    page.evaluate(f"({DROP})(['a.png', window.many, '#drop'])")
    assert page.inner_text("#problem") == "This picture's file has 1.0 MB; at most 1 MB are read."
    assert not page.is_visible("#preview")
    assert made_up.begun == 0
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".tagged")
    assert made_up.asked[-1].image is None


def test_browser_shows_text_as_text(watched) -> None:
    one = watched()
    one.page.fill("#text", "<img src=x onerror=alert(1)> <b>Ann</b> & Rome")
    one.submit()
    assert one.page.locator(".tagged img, .tagged b").count() == 0
    assert "<img src=x onerror=alert(1)>" in one.page.inner_text(".tagged")


def test_browser_hides_pictures_from_models_that_read_none(browser, running, made_up) -> None:
    for reads, field in (("nothing", ""), ("caption", "#caption-field")):
        made_up.reads = reads
        app = create_app(made_up, limits=LIMITS, examples=[Example("Ann", caption="a man")], hosts=LOOPBACK)
        with running(app) as address:
            page = Watched(browser.new_context(), address).page
            shown = [name for name in ("#picture-field", "#caption-field") if page.is_visible(name)]
            assert shown == ([field] if field else [])
            page.click(".example")
            page.wait_for_selector(".tagged")
            assert made_up.asked[-1].caption == ("a man" if field else None)
            page.context.close()


def test_browser_tells_that_the_server_is_gone(browser, running, made_up) -> None:
    with running(create_app(made_up, limits=LIMITS, examples=[Example("Ann")])) as address:
        page = Watched(browser.new_context(), address).page
    page.fill("#text", "Ann")
    page.keyboard.press("Control+Enter")
    until(page, "document.querySelector('#problem').innerText.includes('still running?')")
    page.context.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_browser_shows_the_interface(browser, address: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{address}api")
    assert page.evaluate(OVERFLOW) <= 0
    assert page.locator("h3").count() >= 7
    assert said == []
    page.close()
