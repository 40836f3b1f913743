"""Memory that stays with the process."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from tandem.training.memory import keep_freed_memory

CHURN = """
import resource
import torch
from tandem.training.memory import keep_freed_memory

def faults(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        blocks = [torch.ones(1 << 20) for _ in range(4)]  # 4 MiB each
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

torch.set_num_threads(1)
assert keep_freed_memory()
faults(20)
print(faults(40))
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library has no mallopt"
)
def test_memory_keeps_freed_memory() -> None:
    done = subprocess.run([sys.executable, "-c", CHURN], check=True, capture_output=True, text=True)
    # Of 40,960 pages that are written. As it comes, glibc takes each anew twice or four times over, or (where something
    # small happens to lie at the heap's end) not at all, so there is nothing steady to compare with.
    assert int(done.stdout) < 4_096


def test_memory_without_mallopt_is_left_as_it_is(monkeypatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not keep_freed_memory()
