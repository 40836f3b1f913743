"""What the pictures are worth, in words: against the twin without them and against exchanged ones."""

from __future__ import annotations

from dataclasses import dataclass

from tandem.reporting.cells import points
from tandem.reporting.results import Results, Tree, number
from tandem.reporting.wording import plural

FEW = 3  # seeds below which nothing is known of the chance in training


@dataclass(frozen=True)
class Gain:
    """A difference of F1 and its 95 % interval."""

    delta: float
    low: float
    high: float

    @classmethod
    def read(cls, tree: Tree | None, key: str) -> Gain | None:
        """The comparison under `key`; None if there is none."""
        delta, low, high = (number(tree, key, name) for name in ("delta", "low", "high"))
        return None if delta is None or low is None or high is None else cls(delta, low, high)

    @property
    def side(self) -> int:
        """1 if the whole interval is above zero, -1 if it is below, 0 if it holds it."""
        return (self.low > 0) - (self.high < 0)

    @property
    def range(self) -> str:
        """`24.22 to 32.13`."""
        return f"{points(self.low)} to {points(self.high)}"


def worth(results: Results, name: str) -> str | None:
    """Whether the pictures of a corpus help; None where they have not been compared."""
    tree = results.evaluate.get(name)
    twin, picture = Gain.read(tree, "twin"), Gain.read(tree, "picture")
    if twin is None or picture is None:
        return None
    if results.fusion == "text_only":
        return "text_only reads no pictures: there is nothing that these could be worth."
    beside = "against" if twin.delta < 0 else "over"
    over = f"{points(twin.delta, signed=True)} points {beside} text_only trained on the same seeds"
    over = f"{over} (95 % interval {twin.range})"
    exchange = _exchange(picture)
    if twin.side > 0 and picture.side > 0:
        said = f"The pictures help: {over}, and {exchange}."
    elif twin.side > 0:
        said = f"Better than text_only, but no evidence that this is due to the pictures: {over}, while {exchange}."
    else:
        verdict = "The model is worse for having pictures" if twin.side else "No evidence that the pictures help"
        read = "The model does read them" if picture.side > 0 else "No evidence that it reads them to any use"
        said = f"{verdict}: {over}. {read}: {exchange}."
    seeds = int(number(tree, "seeds") or 1)
    if seeds >= FEW:
        return said
    few = plural(seeds, "seed")
    return f"{said} The intervals are over test sentences: what chance in training does, {few} cannot show."


def _exchange(picture: Gain) -> str:
    if picture.low == picture.high == 0:
        return "exchanging them between sentences changes nothing"
    verb = "costs" if picture.delta >= 0 else "gains"
    shown = picture if picture.delta >= 0 else Gain(-picture.delta, -picture.high, -picture.low)
    return f"exchanging them between sentences {verb} {points(shown.delta)} ({shown.range})"
