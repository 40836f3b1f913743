"""The predictor on Ray Data; the tests that start Ray are left out where it is not installed."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import tandem
from tandem.inference.prediction import Mention, Prediction, Query, Relation, Word
from tandem.inference.ray_engine import RayEngine, cause, pack, unpack

MENTION = st.builds(Mention, st.text(), st.text(), st.integers(0, 9), st.integers(0, 9), st.floats(0, 1))
QUERY = st.builds(
    Query,
    st.text(st.characters()).map("a b".__add__),  # halves of surrogate pairs among them
    st.none() | st.binary() | st.just(Path("/a/b.png")),
    st.none() | st.text(),
    st.sampled_from([None, (), ("a",), ("a", "b")]),
    st.none() | st.lists(MENTION, max_size=3).map(tuple),
)


@settings(max_examples=100, deadline=None)
@given(QUERY)
def test_ray_engine_queries_travel_unchanged(query) -> None:
    assert unpack(pack(query)) == query


def test_ray_engine_pictures_travel(monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    assert unpack(pack(Query("x", "a.png"))).image == tmp_path / "a.png"
    assert unpack(pack(Query("x", bytearray(b"ab")))).image == b"ab"
    image = Image.new("RGB", (3, 2), "red")
    data = unpack(pack(Query("x", image))).image
    (tmp_path / "sent.png").write_bytes(data)
    assert Image.open(tmp_path / "sent.png").convert("RGB").tobytes() == image.tobytes()


def test_ray_engine_predictions_travel_unchanged() -> None:
    mention = Mention("a", "PER", 0, 1, 0.1 + 0.2, 0.5)
    bare = Prediction("a", (Word("a", 0, 1),), (mention,))
    full = replace(
        bare, relations=(Relation("r", 0, 0, 0.25),), without_image=(), picture_weight=(0.5,), region_weight=(1.0,)
    )
    for one in (bare, full):
        assert Prediction.from_dict(one.to_dict()) == one


def test_ray_engine_says_how_to_install_ray(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ValueError, match=r"Ray is not installed; run `pip install 'tandem-mner\[ray\]'`"):
        RayEngine("models/x")


@pytest.fixture(scope="module")
def cluster():
    """Ray on this machine, for two workers."""
    ray = pytest.importorskip("ray", reason="ray is not installed: pip install 'ray[data]'")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    yield ray
    ray.shutdown()


@pytest.mark.slow
def test_ray_engine_gives_the_rows_of_the_local_one(cluster, saved, make_params, photos, tiny_corpus) -> None:
    folder = saved(make_params(fusion="concat"))
    paths = list(photos(tiny_corpus("test", 12)).values())
    queries = [Query(f"Paris {'now ' * (number * 5 % 7)}{number}", paths[number % 8]) for number in range(30)]
    queries += [
        Query("", b"broken"),
        Query("\ud800 Paris", paths[0].read_bytes()),
        Query("#Paris", words=("#", "Paris")),
    ]
    local = tandem.load(folder)
    engine = RayEngine(folder, workers=2, cpus=0.5)
    expected = list(local.stream(queries, window=8, compare=True))
    assert list(engine.stream(iter(queries), window=8, compare=True)) == expected
    assert list(engine.stream([])) == []
    with pytest.raises(ValueError, match="words: number 1, 'b', does not stand in the text"):
        list(engine.stream([Query("a", words=("b",))]))


REPORT = """ray::MapWorker.submit() (pid=7)
ValueError: image: expected a path, bytes, a PIL image or None, found int

The above exception was the direct cause of the following exception:
To change retry attempts, configure `DataContext.get_current()`.
"""


def test_ray_engine_names_the_cause() -> None:
    assert cause(REPORT) == "image: expected a path, bytes, a PIL image or None, found int"
    assert cause("The actor died.\n") == "The actor died."
    assert cause("") == "no cause given"
