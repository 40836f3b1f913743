"""The test split of a corpus, as evaluation and transfer read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tandem.corpora.schema import read_relation_names
from tandem.evaluation.relations import without_test_case
from tandem.params import TandemParams
from tandem.tasks import RE, Task, task_of
from tandem.vision.cache import FeatureCache


@dataclass(frozen=True)
class HeldOut:
    """Rows of a task with their picture features. `facts` are what the scores of any model on them come with."""

    corpus: str
    task: Task
    samples: Sequence[Any]
    features: FeatureCache
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence_of_row(self) -> list[str]:
        """What the rows of one sentence share; pairs with the same words stand in one."""
        return [row.text_hash if self.task is RE else row.id for row in self.samples]

    @property
    def sentences(self) -> int:
        """How many there are."""
        return len(set(self.sentence_of_row))

    @classmethod
    def open(cls, corpus: str, params: TandemParams) -> HeldOut:
        """Read what prepare and extract wrote. Errors: `ValueError` naming the file and the remedy."""
        prepared = Path(f"data/prepared/{corpus}.parquet")
        task = task_of(params.corpus(corpus).task)
        samples = task.read(prepared, "test")
        facts: dict[str, Any] = {}
        if task is RE:
            untested = without_test_case(read_relation_names(prepared), task.gold(samples))
            facts = {"task": task.name, "pairs": len(samples), "without_test_case": untested}
        return cls(corpus, task, samples, FeatureCache.open(Path(f"data/features/{corpus}")), facts)
