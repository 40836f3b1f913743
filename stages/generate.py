"""Write the two embedded corpora to data/embedded, and the scores that can be reached on them to metrics."""

from __future__ import annotations

from pathlib import Path

from tandem.corpora.embedded.generate import generate, scores_only
from tandem.files import write_json
from tandem.params import load_params


def main() -> None:
    """Read params.yaml, write `data/embedded/<corpus>/` and `metrics/ceiling.json`."""
    params = load_params(Path("params.yaml")).embedded
    ceilings = generate(Path("data/embedded"), params)
    write_json(Path("metrics/ceiling.json"), scores_only(ceilings))


if __name__ == "__main__":
    main()
