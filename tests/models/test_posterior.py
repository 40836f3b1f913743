"""Probabilities of labels and entities against all label sequences, one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
import torchcrf
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import tandem.models.posterior as posterior_module
from tandem.evaluation.spans import Span, spans
from tandem.models.crf import CRF, bio_constraints, word_posterior
from tandem.models.posterior import Posterior

LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
TYPES = {"PER": (1, 2), "LOC": (3, 4)}


def make(seed: int, lengths: list[int], scale: float = 2.0) -> tuple[CRF, Tensor, Tensor]:
    """A random CRF in float64, emissions with rubbish on padding, and their mask."""
    generator = torch.Generator().manual_seed(seed)
    crf = CRF(len(LABELS)).double()
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.copy_(scale * torch.randn(parameter.shape, generator=generator, dtype=torch.double))
    emissions = scale * torch.randn(len(lengths), max(lengths), len(LABELS), generator=generator, dtype=torch.double)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)
    return crf, emissions.masked_fill(~mask.unsqueeze(-1), float("nan")), mask


def sequences(crf: CRF, emissions: Tensor, *, constrained: bool) -> dict[tuple[int, ...], float]:
    """Probability of every label sequence, or every IOB2 one, of a sentence (T, K), its score summed term by term."""
    logs = {}
    for labels in itertools.product(range(len(LABELS)), repeat=len(emissions)):
        tags = [LABELS[label] for label in labels]
        if constrained and spans(tags, "default") != spans(tags, "strict"):
            continue
        score = crf.start[labels[0]] + crf.end[labels[-1]] + sum(emissions[t, label] for t, label in enumerate(labels))
        logs[labels] = score + sum(crf.transitions[before, after] for before, after in itertools.pairwise(labels))
    found = torch.softmax(torch.stack(list(logs.values())), dim=0).tolist()
    return dict(zip(logs, found, strict=True))


def ask(posterior: Posterior, asked: list[tuple[int, Span]]) -> list[float]:
    """`entities` of (row, entity)."""
    columns = zip(*((row, *TYPES[kind], start, end) for row, (kind, start, end) in asked), strict=True)
    return posterior.entities(*(np.array(column) for column in columns)).tolist()


def every_entity(length: int) -> list[Span]:
    return [Span(kind, start, end) for kind in TYPES for start in range(length) for end in range(start + 1, length + 1)]


CASES = {
    "seed": st.integers(0, 10_000),
    "constrained": st.booleans(),
    # The largest scale is beyond probabilities: there the recursion runs on logarithms.
    "scale": st.sampled_from([0.1, 2.0, 10.0, 200.0]),
}


@settings(deadline=None, max_examples=12)
@given(length=st.integers(1, 4), **CASES)
def test_posterior_labels_pairs_and_entities_equal_brute_force(
    length: int, seed: int, constrained: bool, scale: float
) -> None:
    crf, emissions, mask = make(seed, [length, max(1, length - 1)], scale)
    posterior = crf.posterior(emissions, mask, bio_constraints(LABELS) if constrained else None)
    marginals, pairs = (torch.from_numpy(found) for found in (posterior.marginals(), posterior.pairs()))
    for row, size in enumerate(mask.sum(1).tolist()):
        probabilities = sequences(crf, emissions[row, :size], constrained=constrained)
        expected, expected_pairs = torch.zeros_like(marginals[row]), torch.zeros_like(pairs[row])
        entities = dict.fromkeys(every_entity(size), 0.0)
        for labels, probability in probabilities.items():
            for t, label in enumerate(labels):
                expected[t, label] += probability
            for t, pair in enumerate(itertools.pairwise(labels)):
                expected_pairs[t][pair] += probability
            for span in spans([LABELS[label] for label in labels], "default"):
                entities[span] += probability
        torch.testing.assert_close(marginals[row], expected, atol=1e-10, rtol=1e-9)
        torch.testing.assert_close(pairs[row], expected_pairs, atol=1e-10, rtol=1e-9)
        found = ask(posterior, [(row, span) for span in entities])
        assert found == pytest.approx(list(entities.values()), abs=1e-10, rel=1e-9)


@settings(deadline=None, max_examples=15)
@given(length=st.integers(1, 4), seed=st.integers(0, 10_000))
def test_posterior_of_independent_words_reads_orphans_as_entities(length: int, seed: int) -> None:
    _, emissions, mask = make(seed, [length])
    posterior = word_posterior(emissions.float(), mask)
    words = emissions[0].float().double().softmax(-1)
    np.testing.assert_allclose(posterior.marginals()[0], words)
    entities = dict.fromkeys(every_entity(length), 0.0)
    for labels in itertools.product(range(len(LABELS)), repeat=length):
        probability = float(torch.stack([words[t, label] for t, label in enumerate(labels)]).prod())
        for span in spans([LABELS[label] for label in labels], "default"):
            entities[span] += probability
    assert ask(posterior, [(0, span) for span in entities]) == pytest.approx(list(entities.values()), abs=1e-12)


def test_posterior_of_independent_words_is_that_of_an_empty_crf() -> None:
    _, emissions, mask = make(3, [6, 4])
    asked = [(row, span) for row, size in enumerate((6, 4)) for span in every_entity(size)]
    alone, chained = word_posterior(emissions, mask), CRF(len(LABELS)).posterior(emissions, mask)
    np.testing.assert_allclose(alone.marginals(), chained.marginals())
    assert ask(alone, asked) == pytest.approx(ask(chained, asked))


@settings(deadline=None, max_examples=20)
@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=5), **CASES)
def test_posterior_sums_to_one_and_never_leaves_iob2(
    lengths: list[int], seed: int, constrained: bool, scale: float
) -> None:
    crf, emissions, mask = make(seed, lengths, scale)
    constraints = bio_constraints(LABELS)
    posterior = crf.posterior(emissions, mask, constraints if constrained else None)
    marginals, pairs = (torch.from_numpy(found) for found in (posterior.marginals(), posterior.pairs()))
    torch.testing.assert_close(marginals.sum(-1), mask.double())
    torch.testing.assert_close(pairs.sum((-2, -1)), mask[:, 1:].double())
    torch.testing.assert_close(pairs.sum(-1), marginals[:, :-1] * mask[:, 1:, None], atol=1e-9, rtol=1e-7)
    torch.testing.assert_close(pairs.sum(-2), marginals[:, 1:] * mask[:, 1:, None], atol=1e-9, rtol=1e-7)
    if constrained:
        assert not marginals[:, 0, ~constraints.start].any()
        assert not pairs[..., ~constraints.transitions].any()
    # The entities that cover a word, and its being outside, exclude each other.
    covering = [(0, span) for span in every_entity(lengths[0]) if span.start <= lengths[0] // 2 < span.end]
    total = sum(ask(posterior, covering)) + float(marginals[0, lengths[0] // 2, 0])
    assert total == pytest.approx(1.0)


@pytest.mark.parametrize("scale", [2.0, 200.0])
def test_posterior_padding_and_neighbours_change_nothing(scale: float) -> None:
    lengths = [9, 2, 5, 1]
    crf, emissions, mask = make(1, lengths, scale)
    together = crf.posterior(emissions, mask, bio_constraints(LABELS))
    for row, size in enumerate(lengths):
        alone = crf.posterior(emissions[row : row + 1, :size], mask[row : row + 1, :size], bio_constraints(LABELS))
        np.testing.assert_allclose(alone.marginals()[0], together.marginals()[row, :size], atol=1e-12)
        entities = every_entity(size)
        expected = ask(alone, [(0, span) for span in entities])
        assert ask(together, [(row, span) for span in entities]) == pytest.approx(expected, abs=1e-12)


def test_posterior_both_recursions_agree_over_long_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    crf, emissions, mask = make(6, [200, 120, 3], 4.0)
    asked = [(row, Span("LOC", start, start + size)) for row in (0, 1) for start in (0, 50, 110) for size in (1, 3, 9)]
    found = []
    for lowest in (posterior_module.LOWEST, 0.0):
        monkeypatch.setattr(posterior_module, "LOWEST", lowest)
        posterior = crf.posterior(emissions, mask, bio_constraints(LABELS))
        found.append((posterior.marginals(), posterior.pairs(), np.array(ask(posterior, asked))))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-10)


@pytest.mark.parametrize("spread", [30.0, 300.0, 3e3])
def test_posterior_is_right_where_one_sequence_is_certain(spread: float) -> None:
    # The last word alone can be inside, so that a path all but impossible at first becomes the only one.
    crf = CRF(len(LABELS))
    emissions = torch.full((1, 3, 5), -spread)
    emissions[0, 0, 0] = emissions[0, 1, 0] = 0.0
    emissions[0, 2, 2] = 4 * spread
    posterior = crf.posterior(emissions, torch.ones(1, 3, dtype=torch.bool), bio_constraints(LABELS))
    assert ask(posterior, [(0, Span("PER", 1, 3))]) == pytest.approx([1.0])
    assert crf.decode(emissions, torch.ones(1, 3, dtype=torch.bool), bio_constraints(LABELS)).tolist() == [[0, 1, 2]]


def test_posterior_of_the_decoded_sequence_is_its_probability() -> None:
    crf, emissions, mask = make(5, [4])
    constraints = bio_constraints(LABELS)
    best = tuple(crf.decode(emissions, mask, constraints)[0].tolist())
    probabilities = sequences(crf, emissions[0], constrained=True)
    assert max(probabilities, key=lambda labels: probabilities[labels]) == best
    reference = torchcrf.CRF(len(LABELS), batch_first=True).double()
    with torch.no_grad():
        reference.transitions.copy_(crf.transitions)
        reference.start_transitions.copy_(crf.start)
        reference.end_transitions.copy_(crf.end)
        # The likelihood of training goes over all sequences: the constraints divide it by the mass of those they allow.
        free = {
            labels: float(reference(emissions, torch.tensor([labels]), reduction="none").exp())
            for labels in probabilities
        }
    allowed = sum(free.values())
    assert {labels: one / allowed for labels, one in free.items()} == pytest.approx(probabilities)
    with torch.no_grad():
        mass = crf.log_partition(emissions, mask, constraints) - crf.log_partition(emissions, mask)
    assert float(mass.exp()) == pytest.approx(allowed)


@pytest.mark.parametrize("lengths", [[7, 3, 1], [1, 1], [6]])
def test_posterior_comes_with_the_decoded_sequence(lengths: list[int]) -> None:
    crf, emissions, mask = make(8, lengths)
    constraints = bio_constraints(LABELS)
    path, posterior = crf.read(emissions, mask, constraints)
    assert torch.equal(path, crf.decode(emissions, mask, constraints))
    np.testing.assert_array_equal(posterior.marginals(), crf.posterior(emissions, mask, constraints).marginals())


def test_posterior_of_scores_with_a_gradient_and_of_no_entities() -> None:
    crf, emissions, mask = make(0, [3, 2])
    posterior = crf.float().posterior(emissions.float().requires_grad_(), mask, bio_constraints(LABELS))
    assert posterior.entities(*(np.array([number]) for number in (0, 1, 2, 0, 2))).dtype == np.float64
    assert posterior.entities(*[np.zeros(0, dtype=int)] * 5).shape == (0,)
