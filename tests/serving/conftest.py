"""A server of a predictor that is made up, and of one that was trained on pictures which tell the type of a name."""

from __future__ import annotations

import hashlib
import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tandem.inference.prediction import Mention, Prediction, Query, Relation, Word
from tandem.text.raw import tokenise


class MadeUp:
    """Capitalised words are places, with a picture people, and related in turn; looks at the upper right.

    begun: how often it was asked. gate: it waits for this before it answers.
    """

    task, fusion, reads, no_image = "ner", "made_up", "picture", False
    labels = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    about = {"corpus": "tiny"}
    regions_grid = (2, 2)

    def __init__(self) -> None:
        self.begun, self.gate = 0, threading.Event()
        self.gate.set()
        self.asked: list[Query] = []

    def stream(self, queries: Iterable[Query], *, window: int = 4096, compare: bool = False) -> Iterator[Prediction]:
        for query in queries:
            self.begun += 1
            self.asked.append(query)
            assert self.gate.wait(20)
            yield self._read(query, compare)

    def _read(self, query: Query, compare: bool) -> Prediction:
        words = [Word(*piece) for piece in tokenise(query.text)]
        names = [word for word in words if word.text[0].isupper()]
        status = "none" if query.image is None else "ok" if _opens(query.image) else "broken"
        seen = status == "ok"

        def mentions(kind: str, some: list[Word], blind: float | None) -> tuple[Mention, ...]:
            return tuple(Mention(word.text, kind, word.start, word.end, 0.9, blind) for word in some)

        pairs = range(len(names) - 1)
        return Prediction(
            query.text,
            tuple(words),
            mentions("PER" if seen else "LOC", names, 0.3 if seen and compare else None),
            tuple(Relation("/per/per/peer_of", n, n + 1, 0.8, 0.2 if seen and compare else None) for n in pairs),
            status,
            mentions("LOC", names[1:], None) if seen and compare else None,
            tuple(0.5 for _ in words) if seen else None,
            (0.1, 0.7, 0.1, 0.1) if seen else None,
        )


def _opens(image: Any) -> bool:
    try:
        Image.open(io.BytesIO(image)).load()
    except OSError:
        return False
    return True


@pytest.fixture
def made_up() -> MadeUp:
    return MadeUp()


@pytest.fixture(scope="session")
def picture_of() -> Callable[[str, int], bytes]:
    """`picture_of(kind, seed)`: a PNG, reddish for PER and bluish for others."""

    def make(kind: str, seed: int = 0) -> bytes:
        pixels = np.random.default_rng(seed).integers(0, 120, (48, 64, 3), dtype=np.uint8)
        pixels[..., 0 if kind == "PER" else 2] += 120
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        return buffer.getvalue()

    return make


@pytest.fixture(scope="session")
def trained(tmp_path_factory, make_params, tiny_corpus, picture_of) -> Path:
    """The folder of a checkpoint that attends to the regions of pictures, in a project with its corpus."""
    from tandem.corpora.labels import entity_types, label_set  # noqa: PLC0415
    from tandem.tasks import NER  # noqa: PLC0415
    from tandem.training.loop import TrainingData, train  # noqa: PLC0415
    from tandem.training.state import StateStore  # noqa: PLC0415
    from tandem.vision.cache import FeatureCache  # noqa: PLC0415
    from tandem.vision.extract import extract  # noqa: PLC0415

    root = tmp_path_factory.mktemp("project")
    params = make_params(fusion="cross_attention", **{"fusions.cross_attention.heads": 2, "train.epochs": 10})
    rows = {split: tiny_corpus(split, size) for split, size in {"train": 60, "valid": 20}.items()}
    found = []
    for row in [*rows["train"], *rows["valid"]]:
        if row.image_id:
            content = picture_of(row.image_id.split("-")[1], len(found))
            (root / f"{row.image_id}.png").write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            found.append((row.image_id, str(root / f"{row.image_id}.png"), digest, None))
    frame = pd.DataFrame(found, columns=["image_id", "image_path", "image_hash", "caption"], dtype=object)
    extract(frame, root / "features", params.vision, root / "store")
    labels = label_set(entity_types(row.tags for row in rows["train"]))
    features = FeatureCache.open(root / "features")
    data = TrainingData(corpus="tiny", task=NER, labels=labels, features=features, **rows)
    folder = root / "models" / "tiny" / "1"
    train(params, data, seed=1, out=folder, store=StateStore(root / "state"))
    return folder


@pytest.fixture(scope="session")
def running() -> Callable[..., Any]:
    """`with running(app) as address`: a real server, in a thread."""
    from tandem.serving import server  # noqa: PLC0415

    @contextmanager
    def run(app: Any) -> Iterator[str]:
        with server.listen("127.0.0.1", 0) as listening:
            own = server.build_server(app)
            thread = threading.Thread(target=own.run, kwargs={"sockets": [listening]})
            thread.start()
            try:
                while not own.started:
                    assert thread.is_alive()
                    time.sleep(0.01)
                yield server.address_of(listening)
            finally:
                own.should_exit = True
                thread.join(20)
            assert not thread.is_alive()

    return run
