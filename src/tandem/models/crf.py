"""A linear-chain conditional random field (Lafferty et al. 2001), vectorised over the batch.

Everything is computed in float64, whatever the dtype of the scores: autocast leaves it alone, and it lets the forward
recursion run on probabilities (a matrix product a step) instead of on their logarithms.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from tandem.models.posterior import Posterior

# How many nats probabilities may shrink or grow by between two normalisations. Two such numbers are multiplied, and
# float64 holds exp(-708) to exp(709).
HEADROOM = 150.0


class Constraints(NamedTuple):
    """Which label may follow which, and which may come first."""

    transitions: Tensor  # (K, K) bool, [from, to]
    start: Tensor  # (K,) bool


def bio_constraints(labels: Sequence[str]) -> Constraints:
    """The constraints of IOB2: I-X only after B-X or I-X. Meant for `CRF.decode` only.

    They have no place in the likelihood: the gold of real corpora has orphan I- tags (Twitter-2015 has 186 in train),
    and a forbidden gold sequence has an infinite loss.

    Raises `ValueError` for a label that is neither O nor B-X nor I-X, and for a set in which nothing may come first.
    """
    for label in labels:
        if label != "O" and (label[:2] not in ("B-", "I-") or len(label) < 3):
            raise ValueError(f"label {label!r} is not BIO: allowed are O, B-<type> and I-<type>")
    inside = torch.tensor([label.startswith("I-") for label in labels], dtype=torch.bool)
    if bool(inside.all()):
        raise ValueError(f"no label of {list(labels)} may begin a sentence: add O or a B- label")
    same_type = torch.tensor([[a != "O" and a[2:] == b[2:] for b in labels] for a in labels], dtype=torch.bool)
    return Constraints(~inside | same_type, ~inside)


class CRF(nn.Module):
    """Scores a label sequence by its emissions, its transitions, its first and its last label.

    Masks are True on the real positions of a sentence: a prefix of at least one position, the rest padding. Parameters
    start at zero, which is independent softmax decisions per word.
    """

    def __init__(self, num_labels: int) -> None:
        super().__init__()
        if num_labels < 1:
            raise ValueError(f"a CRF needs at least 1 label, found {num_labels}")
        self.num_labels = num_labels
        self.transitions = nn.Parameter(torch.zeros(num_labels, num_labels))  # [from, to]
        self.start = nn.Parameter(torch.zeros(num_labels))
        self.end = nn.Parameter(torch.zeros(num_labels))

    def log_likelihood(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        """log p(labels | emissions) per sentence, (B,), at least float32.

        emissions (B, T, K); labels (B, T) long, any value on padding; mask (B, T) bool. No constraint applies here, see
        `bio_constraints`.
        """
        potentials = self._potentials(emissions, mask)
        # The likelihood does not change with a constant per word, and near zero it loses no digits.
        potentials = potentials - potentials.detach().amax(dim=-1, keepdim=True)
        transitions = self.transitions.double()
        labels = labels.masked_fill(~mask, 0)
        gold = potentials.gather(-1, labels.unsqueeze(-1)).squeeze(-1).masked_fill(~mask, 0.0).sum(dim=1)
        steps = transitions[labels[:, :-1], labels[:, 1:]].masked_fill(~mask[:, 1:], 0.0).sum(dim=1)
        return (gold + steps - _log_partition(potentials, transitions, mask)).to(_outer_dtype(emissions))

    def log_partition(
        self, emissions: Tensor, mask: Tensor, constraints: tuple[Tensor, Tensor] | None = None
    ) -> Tensor:
        """The logarithm of the summed exponentials of the scores of all sequences that `constraints` allow, (B,)."""
        potentials, transitions = self._constrained(self._potentials(emissions, mask), constraints)
        total = _log_partition if constraints is None else _log_forward
        return total(potentials, transitions, mask).to(_outer_dtype(emissions))

    @torch.no_grad()
    def decode(self, emissions: Tensor, mask: Tensor, constraints: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """The best label sequence of each sentence (Viterbi), (B, T) long, -1 on padding.

        `constraints`, as of `bio_constraints`, restrict the sequences searched, in decoding only.
        """
        return self._viterbi(*self._relative(emissions, mask, constraints), mask)

    @torch.no_grad()
    def posterior(self, emissions: Tensor, mask: Tensor, constraints: tuple[Tensor, Tensor] | None = None) -> Posterior:
        """p(labels | emissions) of all label sequences at once, without a gradient.

        With `constraints` it is p(labels | emissions, they hold): the distribution whose maximum `decode` finds with
        the same ones. The likelihood that training maximises is the one without; the two differ by one factor a
        sentence, the probability that the constraints hold. They must leave a label that may follow every other.
        """
        return _posterior(*self._relative(emissions, mask, constraints), mask)

    @torch.no_grad()
    def read(
        self, emissions: Tensor, mask: Tensor, constraints: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Posterior]:
        """`decode` and `posterior`, at less than the price of both."""
        potentials, transitions = self._relative(emissions, mask, constraints)
        # In this order: the search may overwrite the potentials.
        posterior = _posterior(potentials, transitions, mask)
        return self._viterbi(potentials, transitions, mask), posterior

    def _viterbi(self, potentials: Tensor, transitions: Tensor, mask: Tensor) -> Tensor:
        """As `decode`."""
        scores = potentials.transpose(0, 1).contiguous()  # (T, B, K): becomes the best score of a path ending there
        steps = scores.unbind(0)
        routes = scores.new_empty(self.num_labels, len(mask), self.num_labels)  # (from, B, to)
        best = torch.empty_like(steps[0])
        spread = transitions.unsqueeze(1)
        for previous, step in itertools.pairwise(steps):
            torch.add(previous.t().unsqueeze(-1), spread, out=routes)
            step.add_(torch.amax(routes, dim=0, out=best))
        # Only the way back along the best path needs to know where it came from: a few numbers a step, and one copy
        # from the device instead of a launch a step.
        table, arrivals = scores.cpu().numpy(), transitions.t().contiguous().cpu().numpy()
        last = mask.sum(dim=1).cpu().numpy() - 1
        path = np.full(mask.shape, -1, dtype=np.int64)
        finals = table[last, np.arange(len(last))].argmax(axis=-1)  # (B,)
        label = finals
        for t in range(len(table) - 1, -1, -1):
            if t + 1 < len(table):
                label = (table[t] + arrivals[label]).argmax(axis=-1)
            label = np.where(last == t, finals, label)
            path[:, t] = label
        return torch.from_numpy(path).to(mask.device).masked_fill_(~mask, -1)

    def _relative(
        self, emissions: Tensor, mask: Tensor, constraints: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, Tensor]:
        """As `_constrained`, the highest potential of a word being 0: no probability changes with a constant a word."""
        potentials = self._potentials(emissions, mask)
        return self._constrained(potentials - potentials.amax(dim=-1, keepdim=True), constraints)

    def _constrained(self, potentials: Tensor, constraints: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Tensor]:
        """The potentials, changed in place, and the transitions (K, K) in float64; -inf where `constraints` forbid."""
        transitions = self.transitions.double()
        if constraints is None:
            return potentials, transitions
        allowed, start = (part.to(potentials.device) for part in constraints)
        potentials[:, 0] = potentials[:, 0].masked_fill(~start, -math.inf)
        return potentials, transitions.masked_fill(~allowed, -math.inf)

    def _potentials(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """Emissions with the scores of the first and the last label added, zero on padding, (B, T, K) float64."""
        if emissions.shape != (*mask.shape, self.num_labels) or mask.dtype != torch.bool or mask.shape[1] < 1:
            raise ValueError(
                f"emissions {tuple(emissions.shape)} and mask {tuple(mask.shape)} ({mask.dtype}) do not fit a CRF of "
                f"{self.num_labels} labels: expected (B, T, {self.num_labels}), and (B, T) of bool with T at least 1"
            )
        beyond = torch.cat([mask[:, 1:], mask.new_zeros(len(mask), 1)], dim=1)
        if not bool((mask[:, 0] & (beyond <= mask).all(dim=1)).all()):
            raise ValueError("a CRF's mask must be True on a prefix of at least one position per sentence")
        scores = emissions.double() + (mask & ~beyond).unsqueeze(-1) * self.end.double()
        scores = torch.cat([scores[:, :1] + self.start.double(), scores[:, 1:]], dim=1)
        return torch.where(mask.unsqueeze(-1), scores, torch.zeros_like(scores))


@torch.no_grad()
def word_posterior(scores: Tensor, mask: Tensor) -> Posterior:
    """The posterior of words that are labelled independently, each by a softmax over its scores (B, T, K)."""
    potentials = scores.double().masked_fill(~mask.unsqueeze(-1), 0.0)
    labels = scores.shape[-1]
    return _posterior(potentials - potentials.amax(dim=-1, keepdim=True), potentials.new_zeros(labels, labels), mask)


def _posterior(potentials: Tensor, transitions: Tensor, mask: Tensor) -> Posterior:
    parts = (potentials, transitions, mask.sum(dim=1))
    return Posterior.of_chain(*(part.cpu().numpy() for part in parts))


def _outer_dtype(emissions: Tensor) -> torch.dtype:
    return torch.promote_types(emissions.dtype, torch.float32)


def _log_partition(potentials: Tensor, transitions: Tensor, mask: Tensor) -> Tensor:
    """(B,) from potentials (B, T, K), transitions (K, K), mask (B, T)."""
    lowest, highest = (float(bound) for bound in torch.stack(transitions.detach().aminmax()).tolist())
    growth = highest - lowest + math.log(len(transitions))
    if growth <= HEADROOM:
        stride = int(HEADROOM / max(growth, 1e-3))
        total: Tensor = _ScaledForward.apply(potentials, transitions - highest, mask, stride)
        return total + (mask.sum(dim=1) - 1).double() * highest
    return _log_forward(potentials, transitions, mask)


class _ScaledForward(torch.autograd.Function):
    """The log partition by the forward recursion on scaled probabilities (Rabiner 1989), its gradient by marginals.

    With A = exp(transitions), of which the highest is 0, and E_t = exp(potentials_t - their maximum),
    p_t = (p_{t-1} A) * E_t. No entry of A is below exp(-spread) and one of E_t is 1, so that a step shrinks the sum of
    p by no more than that, whatever the emissions are: p is normalised only every `stride` steps. The backward
    recursion is the same one on the sentence reversed with A transposed, and both run in one loop.
    """

    @staticmethod
    def forward(ctx: Any, potentials: Tensor, transitions: Tensor, mask: Tensor, stride: int) -> Tensor:
        length = potentials.shape[1]
        both = any(ctx.needs_input_grad)
        peaks = potentials.amax(dim=-1, keepdim=True)
        factors = (potentials - peaks).exp_()  # (B, T, K)
        matrix = transitions.exp()
        lengths = mask.sum(dim=1)
        positions = torch.arange(length, device=mask.device)
        reverse = (lengths.unsqueeze(1) - 1 - positions).clamp_(min=0)  # (B, T), its own inverse where mask is True
        if both:
            turned = factors.gather(1, reverse.unsqueeze(-1).expand_as(factors))
            emitted = torch.stack([factors, turned]).permute(2, 0, 1, 3).contiguous()  # (T, 2, B, K)
            matrices = torch.stack([matrix, matrix.t()])  # (2, K, K)
        else:
            emitted = factors.transpose(0, 1).unsqueeze(1).contiguous()  # (T, 1, B, K)
            matrices = matrix.unsqueeze(0)
        before = torch.empty_like(emitted)  # the products with the matrix
        after = torch.empty_like(emitted)  # the probabilities p
        before[0] = 1.0
        after[0] = emitted[0]
        scales = []
        steps = zip(emitted.unbind(0), before.unbind(0), after.unbind(0), strict=True)
        previous = after[0]
        next(steps)
        for t, (emission, product, now) in enumerate(steps, start=1):
            torch.bmm(previous, matrices, out=product)
            torch.mul(product, emission, out=now)
            if t % stride == 0:
                scale = now.sum(dim=-1, keepdim=True)
                now.div_(scale)
                scales.append(scale[0])
            previous = now
        logs = peaks.squeeze(-1).masked_fill(~mask, 0.0).sum(dim=1)
        sums = after[:, 0].sum(dim=-1)  # (T, B)
        logs = logs + sums.gather(0, (lengths - 1).unsqueeze(0)).squeeze(0).log()
        if scales:
            at = torch.arange(stride, length, stride, device=mask.device)
            passed = at.unsqueeze(1) < lengths
            logs = logs + torch.stack(scales).squeeze(-1).log().masked_fill(~passed, 0.0).sum(dim=0)
        if both:
            ctx.save_for_backward(after, before, matrix, mask, reverse)
        return logs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        after, before, matrix, mask, reverse = ctx.saved_tensors
        labels = after.shape[-1]
        index = reverse.t().unsqueeze(-1).expand(-1, -1, labels)  # (T, B, K)
        behind = before[:, 1].gather(0, index)  # (T, B, K): all that follows a word; 1 after the last
        joint = after[:, 0] * behind
        norm = joint.sum(dim=-1, keepdim=True)
        weight = torch.where(mask.t().unsqueeze(-1), gradient.unsqueeze(-1) / norm, torch.zeros_like(norm))
        marginals = (joint * weight).transpose(0, 1)
        # Expected transitions, summed over the batch and time in one product.
        following = after[:, 1].gather(0, index)[1:]
        left = (after[:-1, 0] * weight[:-1]).masked_fill(~mask.t()[1:].unsqueeze(-1), 0.0)
        pairs = matrix * (left.reshape(-1, labels).t() @ following.reshape(-1, labels))
        return marginals, pairs, None, None


def _log_forward(potentials: Tensor, transitions: Tensor, mask: Tensor) -> Tensor:
    """The log partition in logarithms throughout: for transitions too far apart for `_ScaledForward`."""
    score = potentials[:, 0]
    for t in range(1, potentials.shape[1]):
        arrived = torch.logsumexp(score.unsqueeze(-1) + transitions, dim=1) + potentials[:, t]
        score = torch.where(mask[:, t, None], arrived, score)
    return torch.logsumexp(score, dim=-1)
