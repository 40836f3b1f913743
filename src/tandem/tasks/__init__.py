"""The tasks by name, as in `corpora.<name>.task`."""

from __future__ import annotations

from tandem.params.base import suggest
from tandem.tasks.base import Task
from tandem.tasks.ner import EntityTask
from tandem.tasks.relation import RelationTask

__all__ = ["NER", "RE", "TASKS", "Task", "task_of"]

NER = EntityTask()
RE = RelationTask()
TASKS: dict[str, Task] = {task.name: task for task in (NER, RE)}


def task_of(name: str) -> Task:
    """The task of a name. Unknown names raise `ValueError`."""
    if name not in TASKS:
        raise ValueError(f"unknown task {name!r}; {suggest(name, TASKS)}")
    return TASKS[name]
