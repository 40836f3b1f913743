"""The CRF against all label sequences, against pytorch-crf, and at the edges of its numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
import torch
import torchcrf
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import tandem.models.crf as crf_module
from tandem.models.crf import CRF, bio_constraints

BIO = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def _crf(labels: int, seed: int, scale: float = 1.0) -> CRF:
    generator = torch.Generator().manual_seed(seed)
    crf = CRF(labels).double()
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.copy_(scale * torch.randn(parameter.shape, generator=generator, dtype=torch.double))
    return crf


def _batch(batch: int, length: int, labels: int, seed: int, scale: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    """Emissions, labels with rubbish on padding, and a mask with at least one full sentence."""
    generator = torch.Generator().manual_seed(seed)
    emissions = scale * torch.randn(batch, length, labels, generator=generator, dtype=torch.double)
    lengths = torch.randint(1, length + 1, (batch,), generator=generator)
    lengths[0] = length
    mask = torch.arange(length) < lengths.unsqueeze(1)
    gold = torch.randint(labels, (batch, length), generator=generator).masked_fill(~mask, -100)
    return emissions, gold, mask


def _all_scores(crf: CRF, emissions: Tensor, length: int) -> Iterator[tuple[tuple[int, ...], Tensor]]:
    """Every label sequence of one sentence, with its score summed term by term."""
    for sequence in itertools.product(range(crf.num_labels), repeat=length):
        score = crf.start[sequence[0]] + crf.end[sequence[-1]]
        score = score + sum(emissions[t, label] for t, label in enumerate(sequence))
        for before, after in itertools.pairwise(sequence):
            score = score + crf.transitions[before, after]
        yield sequence, score.detach()


SMALL = {
    "labels": st.integers(1, 4),
    "length": st.integers(1, 4),
    "seed": st.integers(0, 10_000),
    # The largest scale is beyond the scaled recursion: there the logarithmic one takes over.
    "scale": st.sampled_from([0.1, 3.0, 200.0]),
}


@settings(deadline=None, max_examples=40)
@given(**SMALL)
def test_crf_likelihood_and_marginals_equal_brute_force(labels: int, length: int, seed: int, scale: float) -> None:
    crf = _crf(labels, seed, scale)
    emissions, gold, mask = _batch(2, length, labels, seed + 1, scale)
    found = crf.log_likelihood(emissions, gold, mask)
    partition = crf.log_partition(emissions, mask)
    marginals = torch.from_numpy(crf.posterior(emissions, mask).marginals())
    for row, size in enumerate(mask.sum(1).tolist()):
        sequences, scores = zip(*_all_scores(crf, emissions[row], size), strict=True)
        total = torch.logsumexp(torch.stack(scores), dim=0)
        torch.testing.assert_close(partition[row], total)
        expected = scores[sequences.index(tuple(gold[row, :size].tolist()))] - total
        torch.testing.assert_close(found[row], expected, atol=1e-9, rtol=1e-9)
        by_label = torch.zeros(length, labels, dtype=torch.double)
        for sequence, score in zip(sequences, scores, strict=True):
            for t, label in enumerate(sequence):
                by_label[t, label] += (score - total).exp()
        torch.testing.assert_close(marginals[row], by_label, atol=1e-9, rtol=1e-9)


@settings(deadline=None, max_examples=40)
@given(length=st.integers(1, 5), seed=st.integers(0, 10_000), constrained=st.booleans())
def test_crf_decode_is_the_best_allowed_sequence(length: int, seed: int, constrained: bool) -> None:
    crf = _crf(5, seed)
    emissions, _, mask = _batch(2, length, 5, seed + 1, scale=2.0)
    constraints = bio_constraints(BIO) if constrained else None
    found = crf.decode(emissions, mask, constraints)
    for row, size in enumerate(mask.sum(1).tolist()):
        best, _ = max(
            (
                (sequence, float(score))
                for sequence, score in _all_scores(crf, emissions[row], size)
                if not constrained or _is_bio([BIO[label] for label in sequence])
            ),
            key=lambda pair: pair[1],
        )
        assert found[row].tolist() == [*best, *[-1] * (length - size)]


def _is_bio(tags: list[str]) -> bool:
    """Whether IOB2 allows these tags, said differently from the constraints."""
    previous = "O"
    for tag in tags:
        if tag.startswith("I-") and previous not in ("B-" + tag[2:], tag):
            return False
        previous = tag
    return True


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("batch", "length", "labels"), [(1, 1, 9), (8, 20, 9), (3, 90, 5)])
def test_crf_equals_pytorch_crf(batch: int, length: int, labels: int, seed: int) -> None:
    crf = _crf(labels, seed)
    reference = torchcrf.CRF(labels, batch_first=True).double()
    pairs = [
        (crf.transitions, reference.transitions),
        (crf.start, reference.start_transitions),
        (crf.end, reference.end_transitions),
    ]
    with torch.no_grad():
        for ours, theirs in pairs:
            theirs.copy_(ours)
    emissions, gold, mask = _batch(batch, length, labels, seed + 100, scale=3.0)
    weights = torch.rand(batch, dtype=torch.double)
    mine, other = emissions.clone().requires_grad_(), emissions.clone().requires_grad_()
    found = crf.log_likelihood(mine, gold, mask)
    expected = reference(other, gold.clamp(min=0), mask, reduction="none")
    torch.testing.assert_close(found, expected)
    (found * weights).sum().backward()
    (expected * weights).sum().backward()
    torch.testing.assert_close(mine.grad, other.grad)
    for ours, theirs in pairs:
        # A batch of single words has no transition: pytorch-crf leaves that gradient away.
        torch.testing.assert_close(ours.grad, torch.zeros_like(ours) if theirs.grad is None else theirs.grad)
    decoded = [[label for label in row if label >= 0] for row in crf.decode(emissions, mask).tolist()]
    assert decoded == reference.decode(emissions, mask)


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_crf_gradient_is_right(scale: float) -> None:
    crf = _crf(3, 0, scale)
    emissions, gold, mask = _batch(3, 4, 3, 1)

    def likelihood(emissions: Tensor, transitions: Tensor, start: Tensor, end: Tensor) -> Tensor:
        values = {"transitions": transitions, "start": start, "end": end}
        return torch.func.functional_call(_Likelihood(crf), {f"crf.{k}": v for k, v in values.items()}, (emissions,))

    class _Likelihood(torch.nn.Module):
        def __init__(self, crf: CRF) -> None:
            super().__init__()
            self.crf = crf

        def forward(self, emissions: Tensor) -> Tensor:
            return self.crf.log_likelihood(emissions, gold, mask)

    inputs = [tensor.detach().clone().requires_grad_() for tensor in (emissions, crf.transitions, crf.start, crf.end)]
    assert torch.autograd.gradcheck(likelihood, inputs)


@pytest.mark.parametrize("spread", [5.0, 1e3])
def test_crf_is_finite_on_extreme_scores(spread: float) -> None:
    crf = _crf(9, 3).float()
    with torch.no_grad():
        crf.transitions[0, 1], crf.transitions[1, 0] = spread, -spread
    emissions, gold, mask = _batch(4, 1000, 9, 4)
    emissions = torch.where(emissions > 0, 1e3, -1e3).float().requires_grad_()
    loss = -crf.log_likelihood(emissions, gold, mask).mean()
    loss.backward()
    assert torch.isfinite(loss)
    assert emissions.grad is not None
    assert all(torch.isfinite(gradient).all() for gradient in (emissions.grad, crf.transitions.grad, crf.start.grad))
    assert np.isfinite(crf.posterior(emissions, mask).marginals()).all()
    assert (crf.decode(emissions, mask) >= 0).equal(mask)


@pytest.mark.parametrize("labels", [3, 121])
def test_crf_both_recursions_agree_over_long_sentences(labels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    crf = _crf(labels, 6, scale=5.0)  # far enough apart to normalise every few steps
    emissions, gold, mask = _batch(3, 200, labels, 5, scale=5.0)
    found = []
    for headroom in (crf_module.HEADROOM, -1.0):
        monkeypatch.setattr(crf_module, "HEADROOM", headroom)
        crf.zero_grad()
        likelihood = crf.log_likelihood(emissions, gold, mask)
        likelihood.sum().backward()
        assert crf.transitions.grad is not None
        marginals = torch.from_numpy(crf.posterior(emissions, mask).marginals())
        found.append((likelihood.detach(), crf.transitions.grad.clone(), marginals))
    torch.testing.assert_close(found[0], found[1], atol=1e-8, rtol=1e-9)


def test_crf_padding_changes_nothing() -> None:
    crf = _crf(5, 7)
    emissions, gold, mask = _batch(4, 9, 5, 8)
    noise = torch.full_like(emissions, float("nan"))
    dirty = torch.where(mask.unsqueeze(-1), emissions, noise).requires_grad_()
    found = crf.log_likelihood(dirty, gold, mask)
    assert torch.equal(found, crf.log_likelihood(emissions, gold, mask))
    found.sum().backward()
    assert dirty.grad is not None
    assert torch.equal(dirty.grad[~mask], torch.zeros_like(dirty.grad[~mask]))
    assert torch.equal(crf.decode(dirty, mask), crf.decode(emissions, mask))
    row = int(mask.sum(1).argmin())
    size = int(mask[row].sum())
    alone = crf.log_likelihood(emissions[row : row + 1, :size], gold[row : row + 1, :size], mask[row : row + 1, :size])
    torch.testing.assert_close(found[row : row + 1], alone)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1.0, 1e3]))
def test_crf_decode_never_breaks_bio(seed: int, scale: float) -> None:
    crf = _crf(5, seed, scale)
    emissions, _, mask = _batch(4, 30, 5, seed + 1, scale)
    for row in crf.decode(emissions, mask, bio_constraints(BIO)).tolist():
        assert _is_bio([BIO[label] for label in row if label >= 0])


def test_crf_gold_with_orphan_inside_tags_has_a_finite_loss() -> None:
    crf = _crf(5, 0)
    emissions, _, mask = _batch(1, 3, 5, 1)
    assert torch.isfinite(crf.log_likelihood(emissions, torch.tensor([[2, 0, 4]]), mask)).all()


def test_crf_works_under_autocast_and_inference_mode() -> None:
    crf = CRF(5)
    emissions, gold, mask = _batch(2, 6, 5, 0)
    expected = crf.log_likelihood(emissions.bfloat16().float(), gold, mask)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = crf.log_likelihood(emissions.bfloat16(), gold, mask)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)
    with torch.inference_mode():
        inside = emissions.float() * 1
        marginals = crf.posterior(inside, mask & True, bio_constraints(BIO)).marginals()
        crf.decode(inside, mask & True, bio_constraints(BIO))
    np.testing.assert_allclose(marginals.sum(-1), mask)


def test_crf_starts_as_independent_softmax() -> None:
    emissions, _, mask = _batch(2, 6, 5, 0)
    expected = emissions.softmax(-1) * mask.unsqueeze(-1)
    np.testing.assert_allclose(CRF(5).double().posterior(emissions, mask).marginals(), expected)


def test_crf_bio_constraints_name_what_may_follow() -> None:
    transitions, start = bio_constraints(BIO)
    assert start.tolist() == [True, True, False, True, False]
    forbidden = {(a, b) for a in range(5) for b in range(5) if not transitions[a, b]}
    assert forbidden == {(0, 2), (0, 4), (1, 4), (2, 4), (3, 2), (4, 2)}


def test_crf_bio_constraints_keep_types_with_dashes_apart() -> None:
    transitions, _ = bio_constraints(["O", "B-geo-loc", "I-geo-loc", "B-loc", "I-loc"])
    assert transitions[:, 2].tolist() == [False, True, True, False, False]


@pytest.mark.parametrize("label", ["PER", "B-", "E-PER"])
def test_crf_bio_constraints_reject_other_schemes(label: str) -> None:
    with pytest.raises(ValueError, match=f"label '{label}' is not BIO"):
        bio_constraints(["O", label])


def test_crf_bio_constraints_need_a_label_that_may_begin() -> None:
    with pytest.raises(ValueError, match="may begin a sentence"):
        bio_constraints(["I-PER"])


@pytest.mark.parametrize(
    "mask", [[[False, True]], [[True, False]], [[True, False, True]]], ids=["gap first", "too short", "gap inside"]
)
def test_crf_rejects_masks_that_are_no_prefix(mask: list[list[bool]]) -> None:
    with pytest.raises(ValueError, match="mask"):
        CRF(2).decode(torch.zeros(1, 3 if len(mask[0]) == 2 and mask[0][0] else len(mask[0]), 2), torch.tensor(mask))


def test_crf_rejects_no_labels() -> None:
    with pytest.raises(ValueError, match="at least 1 label"):
        CRF(0)
