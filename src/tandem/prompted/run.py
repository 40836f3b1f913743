"""A test split through a chat model: questions, answers from the store or the server, predictions, metrics."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tandem.corpora.schema import Post
from tandem.evaluation.controls import NOISE, conditions
from tandem.evaluation.metrics import Tree
from tandem.evaluation.summary import score_seed
from tandem.models.predictions import write_table
from tandem.params import TandemParams
from tandem.params.prompted import PromptedParams
from tandem.progress import bar, progress
from tandem.prompted.answers import Answer, AnswerStore
from tandem.prompted.client import API_KEY, ChatClient
from tandem.prompted.pictures import SentPicture
from tandem.prompted.prompt import Question, question
from tandem.prompted.tasks import PromptedRelations, PromptedTask, prompted_task, read_answer


@dataclass(frozen=True)
class Answers:
    """The answers to questions by their keys, and how many of them were asked now."""

    by_key: Mapping[str, Answer]
    asked: int

    def tokens(self) -> dict[str, int]:
        """Tokens of all answers; `unreported`: answers without a count, which add nothing to the two others."""
        answers = self.by_key.values()
        return {
            "prompt": sum(answer.prompt_tokens or 0 for answer in answers),
            "completion": sum(answer.completion_tokens or 0 for answer in answers),
            "unreported": sum(not _counted(answer) for answer in answers),
        }


def prompt_corpus(corpus: str, params: TandemParams, *, store: Path, table: Path) -> Tree:
    """Ask about every test row of a prepared corpus, write the predictions to `table`, and return the metrics.

    `store`: file of the answers; what it has is not asked again. The metrics are the scores of any model, and:
    `requests` (questions that the server answered now) and `answers_from_cache`; `refused.answers` and
    `refused.entities` by reason, of the predictions with the posts' own pictures; `pictures`, how many of these posts
    were shown with one; and, over all answers whenever they came, `tokens` and `cost`.

    Errors: `ValueError` for unreadable input, an endpoint that gives no answers, and a budget that is spent.
    """
    knobs = params.prompted
    task = prompted_task(params.corpus(corpus).task, Path(f"data/prepared/{corpus}.parquet"), knobs.limit)
    files = _pictures(task.test, knobs, params.vision.max_pixels, corpus)
    asked = _questions(task, knobs, files)
    answers = _answer_all(asked, knobs, store, corpus)
    predictions: dict[str, list[Any]] = {}
    entities: Counter[str] = Counter()
    wholes: Counter[str] = Counter()
    for name, questions in asked.items():
        own = [answers.by_key[one.key(knobs.endpoint)] for one in questions]
        read = [read_answer(task, answer, row) for answer, row in zip(own, task.test, strict=True)]
        predictions[name] = [said for said, _, _ in read]
        if name == "predicted":
            for _, refused, reason in read:
                entities += refused
                wholes.update([reason] if reason else [])
    gold = task.gold()
    write_table(table, task.test, gold, predictions, pairs=isinstance(task, PromptedRelations))
    scores = score_seed(task, gold, predictions) if knobs.controls else task.score(gold, predictions["predicted"])
    tokens = answers.tokens()
    refusals = {"answers": {reason: wholes[reason] for reason in task.answer_reasons}}
    if task.entity_reasons:
        refusals["entities"] = {reason: entities[reason] for reason in task.entity_reasons}
    return {
        **scores,
        **task.facts,
        "model": knobs.model,
        "pictures": sum(one.picture is not None for one in asked["predicted"]),
        "requests": answers.asked,
        "answers_from_cache": len(answers.by_key) - answers.asked,
        "refused": refusals,
        "tokens": tokens,
        "cost": knobs.cost(tokens["prompt"], tokens["completion"]),
    }


def _pictures(rows: Sequence[Post], knobs: PromptedParams, max_pixels: int, title: str) -> dict[str, SentPicture]:
    """The pictures of rows by image id, without those that do not open: a row has one only if the model sees it."""
    if not knobs.image_side:
        return {}
    files = {
        row.image_id: SentPicture(row.image_path, row.image_hash, knobs.image_side, max_pixels)
        for row in rows
        if row.image_id is not None and row.image_path is not None and row.image_hash is not None
    }
    opening = progress(files.items(), f"{title} pictures", total=len(files), unit="picture")
    return {image_id: file for image_id, file in opening if file.usable}


def _questions(
    task: PromptedTask, knobs: PromptedParams, files: Mapping[str, SentPicture]
) -> dict[str, list[Question]]:
    """The question about each row under each condition, `predicted` first.

    Without the control of noise, which would have every picture paid for once more to see what none shows as well.
    """
    own = [row.image_id if row.image_id in files else None for row in task.test]
    pictures = conditions(own, seed=knobs.seed) if knobs.controls else {"predicted": own}
    pictures.pop(NOISE, None)
    examples = task.examples(knobs.examples, seed=knobs.seed)
    instruction, schema = task.instruction, task.schema

    def ask(row: Any, image_id: str | None) -> Question:
        picture = None if image_id is None else files[image_id]
        return question(
            knobs, instruction=instruction, schema=schema, examples=examples, text=task.text(row), picture=picture
        )

    return {name: [ask(row, one) for row, one in zip(task.test, ids, strict=True)] for name, ids in pictures.items()}


def _answer_all(asked: Mapping[str, Sequence[Question]], knobs: PromptedParams, store: Path, title: str) -> Answers:
    """An answer to every question, in order; equal questions are asked once."""
    questions = {one.key(knobs.endpoint): one for group in asked.values() for one in group}
    kept = AnswerStore(store)
    client = ChatClient(
        endpoint=knobs.endpoint, api_key=os.environ.get(API_KEY), timeout=knobs.timeout, retries=knobs.retries
    )
    try:
        return answer_questions(questions, knobs, client=client, store=kept, title=title)
    finally:
        client.close()
        kept.close()


def answer_questions(
    questions: Mapping[str, Question], knobs: PromptedParams, *, client: ChatClient, store: AnswerStore, title: str
) -> Answers:
    """An answer to every question by its key, out of the store or else from the server.

    Each answer is kept as it comes. Errors: `ValueError` if the client gives up, or if `max_cost` is reached while
    questions are open; at most `concurrency - 1` requests under way at that moment come on top.
    """
    found = store.find(questions)
    waiting = [key for key in questions if key not in found]
    open_questions = iter(waiting)
    spent = sum(_cost(answer, knobs) for answer in found.values())

    def ask(key: str) -> tuple[str, Answer]:
        answer = client.ask(questions[key].request())
        store.keep(key, answer)
        return key, answer

    def affordable() -> bool:
        return knobs.max_cost is None or spent < knobs.max_cost

    running: set[Future[tuple[str, Answer]]] = set()
    with bar(title, total=len(questions), unit="answer") as moving, ThreadPoolExecutor(knobs.concurrency) as pool:
        moving.update(len(found))
        try:
            while True:
                while affordable() and len(running) < knobs.concurrency:
                    key = next(open_questions, None)
                    if key is None:
                        break
                    running.add(pool.submit(ask, key))
                if not running:
                    break
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    key, answer = future.result()
                    found[key] = answer
                    spent += _cost(answer, knobs)
                    moving.update()
        except BaseException:
            client.stop.set()  # the others finish what is under way, and wait for nothing
            raise
    if len(found) < len(questions):
        raise ValueError(
            f"prompted.max_cost {knobs.max_cost:g}: {spent:.4f} spent on {len(found)} of {len(questions)} answers; "
            "raise it and run again (answers so far are kept)"
        )
    return Answers(found, len(waiting))


def _counted(answer: Answer) -> bool:
    return answer.prompt_tokens is not None and answer.completion_tokens is not None


def _cost(answer: Answer, knobs: PromptedParams) -> float:
    """What an answer cost. Errors: `ValueError` where there is a budget and the server does not report tokens."""
    if knobs.max_cost is not None and answer.status != "declined" and not _counted(answer):
        raise ValueError(
            f"{knobs.endpoint}: reports no tokens, so that prompted.max_cost cannot be kept; set it to null"
        )
    return knobs.cost(answer.prompt_tokens or 0, answer.completion_tokens or 0)
