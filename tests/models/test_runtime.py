"""Device and precision."""

import pytest
import torch

from tandem.hardware import has_bf16_units
from tandem.models.runtime import pick_runtime


def test_runtime_resolves_precision() -> None:
    assert pick_runtime(device="cpu", precision="float32").autocast_dtype is None
    assert pick_runtime(device="cpu", precision="bfloat16").autocast_dtype is torch.bfloat16
    expected = torch.bfloat16 if has_bf16_units(torch.device("cpu")) else None
    assert pick_runtime(device="cpu", precision="auto").autocast_dtype is expected
    assert pick_runtime(device="cpu", precision="auto", small=True).autocast_dtype is None


def test_runtime_autocast_reaches_matrix_products() -> None:
    for precision, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        with pick_runtime(device="cpu", precision=precision).autocast():
            assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is dtype


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_runtime_says_that_there_is_no_cuda() -> None:
    for device in ("cuda", "cuda:1"):
        with pytest.raises(ValueError, match=rf"device {device}: torch finds no CUDA device; .* \(train\.device\)"):
            pick_runtime(device=device, precision="auto")


def test_runtime_names_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="device 'gpu'; allowed: auto, cpu, cuda, cuda:<number>"):
        pick_runtime(device="gpu", precision="auto")
    with pytest.raises(ValueError, match="precision 'half'; allowed: auto, float32, bfloat16"):
        pick_runtime(device="cpu", precision="half")


def test_runtime_threads_are_one_for_small_models_and_the_machines_for_others() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        pick_runtime(device="cpu", precision="float32")
        assert torch.get_num_threads() == 2
        pick_runtime(device="cpu", precision="float32", small=True)
        assert torch.get_num_threads() == 1
        pick_runtime(device="cpu", precision="float32", small=True, threads=2)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
