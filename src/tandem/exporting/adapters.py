"""Low-rank adapters worked into the matrices that they stand beside: W + alpha / rank * B A, and the base is whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from tandem.models.build import Trained
from tandem.models.joint.build import load_joint
from tandem.params.text import LoraParams
from tandem.text.build import load_text
from tandem.text.lora import ExtendedTable
from tandem.text.pretrained import PretrainedEncoder


def merge_adapters(trained: Trained, scratch: Path) -> Trained:
    """The same model without adapters, equal but for rounding; a model without adapters as it is.

    scratch: a folder for the text side's configuration, which the merged encoder is built from.
    """
    text = trained.params.text
    if not text.lora.rank:
        return trained
    encoder: Any = trained.model.text
    assert isinstance(encoder, PretrainedEncoder)
    _merge(encoder.model)
    scratch.mkdir(parents=True)
    trained.tokenizer.save(scratch)
    encoder.save_config(scratch)
    plain = text.model_copy(update={"lora": LoraParams()})
    saved: dict[str, Any] = {"folder": scratch, "markers": trained.task.markers}
    tokenizer, whole = load_joint(plain, **saved) or load_text(plain, **saved)
    # Not `encoder.state_dict()`, which leaves out what does not learn.
    state: dict[str, Tensor] = {}
    for name, part in encoder.named_children():
        state |= part.state_dict(prefix=f"{name}.")
    whole.load_state_dict(state)
    trained.model.text = whole.eval()
    return replace(trained, tokenizer=tokenizer, params=trained.params.model_copy(update={"text": plain}))


@torch.no_grad()
def _merge(model: PreTrainedModel) -> None:
    from peft.tuners.lora import LoraLayer  # noqa: PLC0415 (optional; the checkpoint has been loaded with it)

    for name, part in list(model.named_modules()):
        if isinstance(part, LoraLayer):
            part.merge()
            parent, _, leaf = name.rpartition(".")
            base: nn.Module = part.get_base_layer()
            setattr(model.get_submodule(parent), leaf, base)
    table: Any = model.get_input_embeddings()
    if isinstance(table, ExtendedTable):
        known = table.table.num_embeddings
        model.set_input_embeddings(table.table)
        grown: Any = model.resize_token_embeddings(known + len(table.rows), mean_resizing=False)
        grown.weight[known:] = table.rows
