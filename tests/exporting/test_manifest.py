"""Folders that were copied badly say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import tandem
from tandem.exporting import manifest as module
from tandem.exporting.export import export
from tandem.exporting.manifest import check_manifest, write_manifest
from tandem.files import sha256_of


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "out/text").mkdir(parents=True)
    (tmp_path / "out/model.safetensors").write_bytes(b"weights")
    (tmp_path / "out/text/config.json").write_text("{}")
    (tmp_path / "out/README.md").write_text("card")
    write_manifest(tmp_path / "out")
    return tmp_path / "out"


def test_manifest_lists_every_file_but_the_card(folder) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["format"], manifest["tandem"]) == (1, tandem.__version__)
    assert list(manifest["files"]) == ["model.safetensors", "text/config.json"]
    weights = manifest["files"]["model.safetensors"]
    assert weights == {"bytes": 7, "sha256": sha256_of(folder / "model.safetensors")}


def test_manifest_lets_the_card_be_written_in(folder) -> None:
    (folder / "README.md").write_text("license: mit")
    assert check_manifest(folder)
    (folder / "manifest.json").unlink()
    assert not check_manifest(folder)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.safetensors", b"weig", r"model\.safetensors: truncated \(4 bytes, exported with 7\); copy .* again$"),
        ("model.safetensors", b"weights!", r"model\.safetensors: changed \(8 bytes, exported with 7\); copy .* again$"),
        ("model.safetensors", b"weighty", r"model\.safetensors: damaged or changed since the export; copy .* again$"),
        ("text/config.json", None, r"text/config\.json: not found; copy the whole exported folder again$"),
        ("manifest.json", b"{", r"manifest\.json: no manifest of an exported model; copy the folder again$"),
        ("manifest.json", b"[]", r"manifest\.json: no manifest of an exported model; copy the folder again$"),
        (
            "manifest.json",
            b'{"format": 9, "files": {}}',
            r"manifest\.json: format 9, expected 1; export the model again",
        ),
    ],
)
def test_manifest_names_what_is_not_as_it_was(folder, name, content, message) -> None:
    (folder / name).unlink() if content is None else (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        check_manifest(folder)


def test_manifest_compares_only_the_length_of_large_files(folder, monkeypatch) -> None:
    monkeypatch.setattr(module, "LARGE", 7)
    (folder / "model.safetensors").write_bytes(b"weighty")
    assert check_manifest(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "tandem.json", "encoder/model.safetensors"])
def test_manifest_is_looked_at_by_load(checkpoint, make_params, tmp_path, name) -> None:
    vision = {"encoder": "torchvision/resnet18", "weights": "none", "image_size": 32}
    export(checkpoint(make_params(fusion="concat", vision=vision), dims=(512, 512)), tmp_path / "out")
    file = tmp_path / "out" / name
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(ValueError, match=rf"{name}: truncated .* copy the exported folder again$"):
        tandem.load(tmp_path / "out")
    file.unlink()
    with pytest.raises(ValueError, match=f"{name}: not found; copy the whole exported folder again$"):
        tandem.load(tmp_path / "out")
