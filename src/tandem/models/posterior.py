"""How probable labels, and entities made of them, are in a chain of labels.

All is read off one forward and one backward recursion, at the words that are asked about: no entity needs a pass of its
own. It is NumPy and not torch: no gradient is wanted, and on arrays this small a call is half as long.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# Recursions on probabilities are normalised so often that none that counts is below exp(-LOWEST). Two such numbers are
# multiplied, and float64 holds exp(-708).
LOWEST = 300.0


@dataclass(frozen=True)
class Posterior:
    """A distribution over the label sequences of B sentences: a Markov chain each.

    `after[t, 0, b]` is the weight of each label of word t with all that may come before it. The second half is that of
    the sentence read backwards, in which word t of n has place n - 1 - t: `after` is the weight of its label with all
    that may follow, `before` the weight of what may follow without that label itself. Weights have a unit of their own
    at each place; it is the same in `after` and in the `before` that comes next.
    """

    before: Array  # (T, 2, B, K) float64, weights or with `logs` their logarithms
    after: Array  # (T, 2, B, K)
    transitions: Array  # (K, K) log weights, [from, to], -inf where forbidden
    lengths: Array  # (B,) words of each sentence, at least 1
    logs: bool

    @classmethod
    def of_chain(cls, potentials: Array, transitions: Array, lengths: Array) -> Posterior:
        """The posterior of log weights of labels (B, T, K), none above 0, and of transitions (K, K), in float64.

        -inf forbids a label or a transition; some label must be able to follow every other. What stands after the end
        of a sentence is never read, but finite.

        Let g be log K and the most that two transitions, and two labels of a word, are apart where they are allowed.
        The labels that may follow every other are never below the highest of their word by more than exp(-g), and the
        others never by more than exp(-2 g), for one of the first may come before them; so a step does not shrink the
        highest by more than exp(-g). Where g is too large for that, the recursions run on logarithms.
        """
        transitions = transitions - transitions.max()
        lowest = [np.min(part, where=np.isfinite(part), initial=0.0) for part in (potentials, transitions)]
        growth = math.log(len(transitions)) - sum(lowest)
        stride = int(LOWEST / max(growth, 1e-3)) - 3  # 3: the spread of two numbers that are multiplied, and the start
        logs = stride < 1
        emitted = np.empty((potentials.shape[1], 2, len(potentials), potentials.shape[2]))
        weights = potentials if logs else np.exp(potentials)
        emitted[:, 0] = weights.transpose(1, 0, 2)
        back = np.maximum(lengths - 1 - np.arange(len(emitted))[:, None], 0)  # (T, B)
        emitted[:, 1] = weights[np.arange(len(lengths)), back]
        matrices = np.stack([transitions, transitions.T])  # (2, K, K)
        if logs:
            before, after = _recur_logs(emitted, matrices)
        else:
            before, after = _recur(emitted, np.exp(matrices), stride)
        return cls(before, after, transitions, lengths, logs)

    def marginals(self) -> Array:
        """p(label of word t), (B, T, K), zero on padding."""
        rows, words = np.indices((len(self.lengths), len(self.after)))
        known = words < self.lengths[:, None]
        return np.where(known[..., None], np.exp(self._marginal(rows, np.where(known, words, 0))), 0.0)

    def pairs(self) -> Array:
        """p(label of word t, label of word t + 1), (B, T - 1, K, K), zero where there is padding."""
        rows, words = np.indices((len(self.lengths), len(self.after) - 1))
        known = words + 1 < self.lengths[:, None]
        words = np.where(known, words, 0)
        following = np.where(known, words + 1, 0)
        first = self._marginal(rows, words) - self._behind(rows, words)
        joint = first[..., None] + self.transitions + self._ahead(rows, following)[..., None, :]
        return np.where(known[..., None, None], np.exp(joint), 0.0)

    def entities(self, rows: Array, begin: Array, inside: Array, start: Array, end: Array) -> Array:
        """How probable it is that sentence `rows` has exactly this entity: words `start` up to, but not with, `end`.

        All are (N,) integers; `begin` and `inside` are the labels B-X and I-X of its type X. The entities of a sequence
        are those of the default reading (`tandem.evaluation.spans`): one begins with B-X, or with an I-X that follows
        neither B-X nor I-X; it goes on with I-X alone, and ends before any other label. So the probability is exactly
        p(begins here) p(goes on), word by word, p(does not go on at `end`). Where I-X may only follow its own type, the
        second way to begin has no share. Returns (N,) float64.
        """
        if not len(rows):
            return np.zeros(0)
        lengths = self.lengths[rows][:, None]
        words = start[:, None] + np.arange(1, int((end - start).max()) + 1)  # (N, L), those after the first
        inner = words < end[:, None]
        closing = (words == end[:, None]) & (words < lengths)
        at = np.where(words < lengths, words, 0)
        before = np.where(words < lengths, words - 1, 0)
        sentence, goes = rows[:, None], inside[:, None]
        ahead = self._ahead(sentence, at, goes)
        follows = self.transitions[inside, inside][:, None] + ahead - self._behind(sentence, before, goes)
        begins = self._marginal(rows, start)[np.arange(len(rows)), begin]
        whole = np.zeros(len(rows))
        for label, way in ((begin, begins), (inside, self._enters(rows, begin, inside, start))):
            if np.isneginf(way).all():
                continue
            # Only the step to the second word depends on the way in which the entity begins.
            follows[:, 0] = self.transitions[label, inside] + ahead[:, 0] - self._behind(rows, before[:, 0], label)
            steps = np.minimum(follows, 0.0)
            with np.errstate(divide="ignore"):
                stops = np.log(-np.expm1(steps))
            path = np.where(inner, steps, 0.0) + np.where(closing, stops, 0.0)
            whole += np.exp(way + path.sum(axis=1))
        return np.minimum(whole, 1.0)

    def _enters(self, rows: Array, begin: Array, inside: Array, start: Array) -> Array:
        """log p(I-X at `start`, and at the word before it neither B-X nor I-X), (N,)."""
        number = np.arange(len(rows))
        entering = np.full(len(rows), -np.inf)
        if (first := start == 0).any():
            entering[first] = self._marginal(rows[first], start[first])[number[: first.sum()], inside[first]]
        steps = self.transitions[:, inside].T.copy()  # (N, K)
        steps[number, begin] = steps[number, inside] = -np.inf
        if (later := ~first & np.isfinite(steps).any(axis=-1)).any():  # constraints leave none
            at, left = rows[later], start[later] - 1
            joint = self._marginal(at, left) - self._behind(at, left) + steps[later]
            with np.errstate(divide="ignore"):
                entering[later] = np.log(np.exp(joint + self._ahead(at, left + 1, inside[later])[:, None]).sum(axis=-1))
        return entering

    def _marginal(self, rows: Array, words: Array) -> Array:
        """log p(label) at words of rows, (..., K)."""
        joint = self._log(self.after[words, 0, rows]) + self._behind(rows, words)
        joint = joint - joint.max(axis=-1, keepdims=True)
        return joint - np.log(np.exp(joint).sum(axis=-1, keepdims=True))

    def _ahead(self, rows: Array, words: Array, labels: Any = slice(None)) -> Array:
        """Log weights of labels with all that may follow them."""
        return self._log(self.after[self.lengths[rows] - 1 - words, 1, rows, labels])

    def _behind(self, rows: Array, words: Array, labels: Any = slice(None)) -> Array:
        """Log weights of all that may follow labels."""
        return self._log(self.before[self.lengths[rows] - 1 - words, 1, rows, labels])

    def _log(self, weights: Array) -> Array:
        if self.logs:
            return weights
        with np.errstate(divide="ignore"):  # a forbidden label has no weight
            return np.log(weights)


def _recur(emitted: Array, matrices: Array, stride: int) -> tuple[Array, Array]:
    """p_t = (p_{t-1} A) E_t for emitted E (T, D, B, K) and matrices A (D, K, K), normalised every `stride` steps.

    Returns the products with the matrix, 1 at the first step, and the p: (T, D, B, K) each.
    """
    before, after = np.empty_like(emitted), np.empty_like(emitted)
    before[0] = 1.0
    after[0] = emitted[0]
    for t in range(1, len(emitted)):
        np.matmul(after[t - 1], matrices, out=before[t])
        np.multiply(before[t], emitted[t], out=after[t])
        if t % stride == 0:
            after[t] /= after[t].sum(axis=-1, keepdims=True)
    return before, after


def _recur_logs(emitted: Array, matrices: Array) -> tuple[Array, Array]:
    """The same in logarithms: all of `emitted`, `matrices` and what is returned."""
    before, after = np.zeros_like(emitted), np.empty_like(emitted)
    after[0] = emitted[0]
    for t in range(1, len(emitted)):
        before[t] = np.logaddexp.reduce(after[t - 1][..., None] + matrices[:, None], axis=2)
        after[t] = before[t] + emitted[t]
    return before, after
