"""Low-rank adapters (LoRA, Hu et al. 2022) through peft: W x + alpha / rank * B A x, of which only A and B learn."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D  # GPT-2's, whose matrices lie transposed

from tandem.params.text import LoraParams

# How attention layers name what makes queries and values, which the paper adapts; in some one layer makes both.
AUTO_TARGETS = {
    *("query", "value"),  # BERT, RoBERTa, XLM-R
    *("q_proj", "v_proj"),  # Llama, Mistral, Qwen2, CLIP
    *("query_proj", "value_proj"),  # DeBERTa-v2
    *("in_proj", "c_attn", "query_key_value"),  # DeBERTa, GPT-2, Falcon
    *("q", "v"),  # MPNet
    *("q_lin", "v_lin"),  # DistilBERT
}


class ExtendedTable(nn.Module):
    """A frozen table of embeddings with rows that are learnt after its last one."""

    def __init__(self, table: nn.Embedding, rows: Tensor) -> None:
        super().__init__()
        self.table = table
        self.rows = nn.Parameter(rows)
        self.num_embeddings = table.num_embeddings + len(rows)

    def forward(self, ids: Tensor) -> Tensor:
        """(...) -> (..., d)."""
        known = self.table.num_embeddings
        old = self.table(ids.clamp(max=known - 1))
        new = functional.embedding((ids - known).clamp(min=0), self.rows)
        return torch.where((ids >= known)[..., None], new, old)


def add_adapters(model: PreTrainedModel, params: LoraParams) -> None:
    """Put adapters beside the layers that `params.targets` names, in place, and freeze all but these and new rows.

    Errors: `ValueError` where peft is not installed, and for targets that the model does not have.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model  # noqa: PLC0415 (optional, and slow to import)
    except ImportError:
        raise ValueError(
            f"text.lora.rank {params.rank}: needs the package peft, which is not installed; "
            "run `pip install -e '.[lora]'`, or set text.lora.rank to 0"
        ) from None
    layers = _adaptable(model)
    targets = sorted(AUTO_TARGETS & layers if params.targets == "auto" else set(params.targets))
    if not targets or not set(targets) <= layers:
        raise ValueError(
            f"text.lora.targets {params.targets!r}: {type(model).__name__} has no such layers; "
            f"name some of {', '.join(sorted(layers))}"
        )
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.endswith(".rows"))
    config = LoraConfig(
        r=params.rank, lora_alpha=params.alpha, lora_dropout=params.dropout, target_modules=targets, bias="none"
    )
    learnt = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    inject_adapter_in_model(config, model)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("lora_" in name or name in learnt)  # peft freezes the new rows


def _adaptable(model: PreTrainedModel) -> set[str]:
    """Last parts of the names of the layers that multiply by a matrix."""
    return {name.rpartition(".")[2] for name, part in model.named_modules() if isinstance(part, (nn.Linear, Conv1D))}


def leave_out_of_state(module: nn.Module) -> None:
    """Keep what does not learn out of `state_dict()`, and let `load_state_dict()` do without it."""
    frozen = {name for name, tensor in module.state_dict(keep_vars=True).items() if not tensor.requires_grad}

    def drop(module: nn.Module, state: dict[str, Any], prefix: str, metadata: Any) -> None:
        for name in frozen:
            del state[prefix + name]

    def supply(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
        own = dict(module.named_parameters(remove_duplicate=False)) | dict(module.named_buffers(remove_duplicate=False))
        state.update({prefix + name: own[name].detach() for name in frozen})

    module.register_state_dict_post_hook(drop)
    module.register_load_state_dict_pre_hook(supply)
