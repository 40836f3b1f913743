"""The embedded corpora on disk, each with the scores that can be reached on it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tandem.corpora.embedded.entity_corpus import entity_corpus
from tandem.corpora.embedded.posts import THEMES
from tandem.corpora.embedded.relation_corpus import relation_corpus
from tandem.files import atomic_path
from tandem.params.embedded import EmbeddedParams


def generate(out: Path, params: EmbeddedParams) -> dict[str, dict[str, Any]]:
    """Write a folder `<out>/<corpus>` for each corpus: its texts, `images/<image id>.png` and `ceiling.json`.

    A corpus replaces its older self only once it is complete. The same parameters give the same bytes.

    Returns:
        What `ceiling.json` holds, by corpus.
    """
    corpora = [*(entity_corpus(theme, params) for theme in THEMES), relation_corpus(params)]
    for corpus in corpora:
        target = out / corpus.name
        with atomic_path(target) as folder:
            corpus.write(folder, seed=params.seed)
            if target.exists():
                shutil.rmtree(target)
    return {corpus.name: corpus.ceilings for corpus in corpora}


def scores_only(ceilings: dict[str, dict[str, Any]]) -> dict[str, dict[str, dict[str, float]]]:
    """The scores of the ceilings without counts and words, fit to be a DVC metric: corpus, rule, score."""
    return {
        corpus: {
            rule: {name: value for name, value in found[rule].items() if isinstance(value, float)}
            for rule in ("text_only", "picture", "shuffled")
        }
        for corpus, found in ceilings.items()
    }
