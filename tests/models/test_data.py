"""Rows as batches."""

from __future__ import annotations

import pytest
import torch

from tandem.fusion import build_fusion
from tandem.models.captions import captions_for
from tandem.models.data import BUDGET
from tandem.tasks import NER, RE
from tandem.text.build import build_text


@pytest.fixture
def data_of(make_params, tiny_bert, tiny_features):
    """`data_of(task, rows, fusion)`: the rows as a data set of a strategy."""

    def make(task, rows, fusion="concat"):
        params = make_params(fusion=fusion, **{"text.encoder": str(tiny_bert), "text.max_length": 64})
        tokenizer, _ = build_text(params.text, markers=task.markers)
        widths = {"text_dim": 32, "pooled_dim": 6, "region_dim": 6, "classes": 3}
        strategy = build_fusion(fusion, knobs=params.fusion_knobs, **widths)
        captions = captions_for(strategy, rows)
        return task.dataset(
            rows, tokenizer=tokenizer, features=tiny_features(rows), with_regions=True, captions=captions
        )

    return make


@pytest.mark.parametrize("task", [NER, RE])
@pytest.mark.parametrize("fusion", ["concat", "caption_prefix"])
def test_data_blind_is_the_batch_of_rows_without_pictures(data_of, tiny_corpus, tiny_pairs, task, fusion) -> None:
    rows = (tiny_corpus if task is NER else tiny_pairs)("train", 12)
    data = data_of(task, rows, fusion)
    some = [3, 0, 11, 7]
    seen = data.batch(some)
    blind, expected = data.blind(some, seen), data.batch(some, torch.zeros(4, dtype=torch.bool))
    assert seen.picture.present.any()
    assert not blind.picture.present.any()
    assert (blind.text["input_ids"].shape != seen.text["input_ids"].shape) == (fusion == "caption_prefix")
    for name in expected.text:
        assert torch.equal(blind.text[name], expected.text[name])
    if task is RE:
        assert torch.equal(blind.pairs.starts, expected.pairs.starts)


def test_data_plan_has_every_row_once_and_the_longest_first(data_of, tiny_corpus) -> None:
    data = data_of(NER, tiny_corpus("train", 30))
    plan = data.plan(7)
    assert sorted(row for rows in plan for row in rows) == list(range(30))
    costs = [data.costs[row] for rows in plan for row in rows]
    assert costs == sorted(costs, reverse=True)
    assert all(len(rows) <= 7 and sum(data.costs[row] for row in rows) <= BUDGET for rows in plan)
    assert [rows for rows, _ in data.in_order_of_length(7)] == plan
