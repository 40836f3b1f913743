"""Memory that stays with the process."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from tandem.training.memory import keep_freed_memory

CHURN = """
import resource, sys
import torch
from tandem.training.memory import keep_freed_memory

def faults(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        blocks = [torch.ones(1 << 20) for _ in range(4)]  # 4 MiB each
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

torch.set_num_threads(1)
if sys.argv[1] == "keep":
    assert keep_freed_memory()
faults(2)
print(faults(20))
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library has no mallopt"
)
def test_memory_keeps_freed_memory() -> None:
    def pages(how: str) -> int:
        done = subprocess.run([sys.executable, "-c", CHURN, how], check=True, capture_output=True, text=True)
        return int(done.stdout)

    assert pages("keep") * 10 < pages("give back")  # of 20,480 that are written


def test_memory_without_mallopt_is_left_as_it_is(monkeypatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not keep_freed_memory()
