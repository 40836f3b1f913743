"""The predictor on Ray Data; the tests that start Ray are left out where it is not installed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import tandem
from tandem.cli import main
from tandem.inference import job, ray_engine
from tandem.inference.prediction import Mention, Prediction, Query, Relation, Word
from tandem.inference.ray_engine import AHEAD, BEGIN, RayEngine, cause, drain, gpus_each, pack, unpack

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
    engine = RayEngine(folder, workers=2)
    expected = list(local.stream(queries, window=8, compare=True))
    assert list(engine.stream(iter(queries), window=8, compare=True)) == expected
    assert list(engine.stream([])) == []
    with pytest.raises(ValueError, match="words: number 1, 'b', does not stand in the text"):
        list(engine.stream([Query("a", words=("b",))]))


@pytest.fixture
def folder(saved, make_params) -> Path:
    """Of a checkpoint."""
    found: Path = saved(make_params(fusion="concat"))
    return found


@pytest.mark.slow
def test_ray_engine_takes_few_posts_ahead(cluster, folder) -> None:
    taken = 0

    def endless() -> Iterator[Query]:
        nonlocal taken
        while True:
            taken += 1
            yield Query(f"Paris {taken}")

    found = RayEngine(folder, workers=2).stream(endless(), window=4)
    for number in range(1, 100):
        assert next(found).text == f"Paris {number}"
        assert taken <= 4 * (AHEAD * 2 + (number - 1) // 4)
    found.close()


@pytest.fixture
def posts(folder, photos, tiny_corpus, monkeypatch) -> Path:
    """A file in which every fifth row is broken; read in windows of 8."""
    monkeypatch.setattr(job, "WINDOW", 8)
    monkeypatch.chdir(folder.parent)
    paths = list(photos(tiny_corpus("test", 12)).values())
    rows = [{"id": n, "text": f"Paris {'now ' * (n * 5 % 7)}{n}", "image": str(paths[n % 8])} for n in range(100)]
    lines = ["not json" if n % 5 == 3 else json.dumps(row) for n, row in enumerate(rows)]
    path = folder.parent / "posts.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def predict(folder: Path, out: str, *options: str) -> bytes:
    """What `tandem predict` writes, and its rejects."""
    main(["predict", str(folder), "posts.jsonl", "--out", out, "--compare", "--device", "cpu", "-q", *options])
    assert not list(Path().glob("*.parts"))
    return Path(out).read_bytes() + Path(f"{out}.rejects.jsonl").read_bytes()


@pytest.mark.slow
def test_ray_engine_writes_the_file_of_the_local_one(cluster, folder, posts, monkeypatch, capfd) -> None:
    local = predict(folder, "local.jsonl")
    assert local.count(b"\n") == 100
    capfd.readouterr()
    assert predict(folder, "ray.jsonl", "--engine", "ray", "--workers", "2") == local
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err == "80 posts; 268 entities; pictures: 80 ok; 20 broken rows (ray.jsonl.rejects.jsonl); " \
        "written to ray.jsonl\n"  # fmt: skip

    stream = RayEngine.stream

    def stopped(*arguments, **options):
        for number, prediction in enumerate(stream(*arguments, **options)):
            if number == 45:
                raise KeyboardInterrupt
            yield prediction

    with monkeypatch.context() as patch:
        patch.setattr(RayEngine, "stream", stopped)
        with pytest.raises(SystemExit):
            predict(folder, "again.jsonl", "--engine", "ray")
    assert sorted(path.name for path in Path("again.jsonl.parts").glob("0*.json"))[-1] == "000004.json"
    assert predict(folder, "again.jsonl", "--engine", "ray") == local


@pytest.mark.slow
def test_ray_engine_failures_are_one_line(cluster, folder, posts, monkeypatch, capfd) -> None:
    class Dying:
        """Of its memory, say."""

        def __init__(self, *_: object) -> None:
            pass

        def __call__(self, block: object) -> None:
            os._exit(1)

    def failure(*options: str) -> str:
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            predict(folder, "out.jsonl", "--engine", "ray", *options)
        assert end.value.code == 1
        return capfd.readouterr().err

    assert failure("--workers", "3") == (
        "error: ray: 3 workers with 1 CPUs each, but the cluster has 2; take fewer workers or threads\n"
    )
    assert failure("--device", "cuda") == "error: ray: device cuda, but the cluster has no GPU; say cpu, or auto\n"
    with monkeypatch.context() as patch:
        patch.setattr(ray_engine, "Worker", Dying)
        assert failure() == (
            "error: ray: a worker died, perhaps for want of memory; "
            "take fewer workers or a smaller batch size, and run it again\n"
        )
    (folder / "model.safetensors").unlink()
    weights = folder / "model.safetensors"
    assert failure("--overwrite") == f"error: ray: {weights}: not found; train the model again with `dvc repro train`\n"


@pytest.mark.slow
def test_ray_engine_a_second_reader_of_a_feed_is_an_error(cluster) -> None:
    from ray.util.queue import Queue  # noqa: PLC0415 (an optional extra)

    feed = Queue(actor_options={"num_cpus": 0})
    for item in (BEGIN, [cluster.put(1)], [cluster.put(2)], None):
        feed.put(item)
    assert list(drain(feed)) == [1, 2]
    for left in ([], [[cluster.put(3)]]):
        for item in left:
            feed.put(item)
        with pytest.raises(ValueError, match="died; run it again"):
            next(drain(feed))


def test_ray_engine_gives_each_worker_a_place_on_a_gpu() -> None:
    assert [gpus_each(workers, gpus) for workers, gpus in ((2, 0), (1, 1), (2, 1), (4, 3), (8, 8), (2, 8))] == [
        0, 1, 0.5, 0.5, 1, 1,
    ]  # fmt: skip
    for workers in range(1, 30):
        for gpus in range(1, 9):
            assert int(1 / gpus_each(workers, gpus)) * gpus >= workers


REPORT = """ray::MapWorker.submit() (pid=7)
ValueError: image: expected a path, bytes, a PIL image or None, found int

The above exception was the direct cause of the following exception:
To change retry attempts, configure `DataContext.get_current()`.
"""


def test_ray_engine_names_the_cause() -> None:
    assert cause(REPORT) == "image: expected a path, bytes, a PIL image or None, found int"
    assert cause(REPORT, "dead") == cause(REPORT)
    assert cause("The actor died.\n", "dead") == "dead"
    assert cause("The actor died.\n") == "The actor died."
    assert cause("") == "no cause given"
