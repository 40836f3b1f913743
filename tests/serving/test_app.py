"""What the server answers, and what it refuses."""

from __future__ import annotations

import base64
import io
import json
import tempfile
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from tandem.inference.prediction import Prediction, Word
from tandem.serving.app import create_app
from tandem.serving.examples import MADE_UP, Example
from tandem.serving.guard import LOOPBACK
from tandem.serving.interface import FIELDS
from tandem.serving.limits import Limits

LIMITS = Limits(characters=100, picture_bytes=2 << 20, waiting=2, seconds=20)
TEXT = "👋 saw Paris with Ann"


@pytest.fixture
def client(made_up):
    app = create_app(made_up, limits=LIMITS, examples=MADE_UP, hosts=LOOPBACK)
    return TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)


def noisy(side: int) -> bytes:
    """A picture whose file is about 3 * side * side bytes."""
    buffer = io.BytesIO()
    Image.effect_noise((side, side), 90).convert("RGB").save(buffer, "BMP")
    return buffer.getvalue()


def test_app_reads_json_and_forms_alike(client, picture_of) -> None:
    picture = picture_of("PER")
    encoded = base64.b64encode(picture).decode()
    answers = [
        client.post("/api/predict", json={"text": TEXT, "image": encoded}),
        client.post("/api/predict", json={"text": TEXT, "image": f"data:image/png;base64,{encoded}"}),
        client.post("/api/predict", data={"text": TEXT}, files={"image": ("a.png", picture)}),
        client.post("/api/predict", data={"text": TEXT, "compare": "true"}, files={"image": ("a.png", picture)}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 4
    found = [answer.json() for answer in answers]
    for answer in found:
        answer.pop("milliseconds")
        assert answer == found[0]
    assert found[0]["note"] is None
    assert found[0]["regions_grid"] == [2, 2]
    assert [TEXT[one["start"] : one["end"]] for one in found[0]["prediction"]["mentions"]] == ["Paris", "Ann"]
    assert found[0]["changes"] == [
        {"kind": "gained", "mention": 0, "without": None},
        {"kind": "retyped", "mention": 1, "without": 0},
    ]


def test_app_compares_only_where_it_is_asked_to(client, picture_of) -> None:
    form = {"data": {"text": TEXT, "compare": "false"}, "files": {"image": ("a.png", picture_of("PER"))}}
    answer = client.post("/api/predict", **form).json()
    assert (answer["changes"], answer["prediction"]["without_image"]) == (None, None)
    bare = client.post("/api/predict", json={"text": TEXT}).json()
    assert (bare["changes"], bare["prediction"]["picture"], bare["note"]) == (None, "none", None)


def test_app_gives_captions_to_the_model(client, made_up) -> None:
    client.post("/api/predict", json={"text": TEXT, "caption": "a man"})
    client.post("/api/predict", files={"text": (None, TEXT), "caption": (None, "a man")})
    assert [(query.text, query.image, query.caption) for query in made_up.asked] == [(TEXT, None, "a man")] * 2


def test_app_reads_on_without_a_broken_picture(client) -> None:
    for broken in (b"no picture", b"", noisy(64)[:500]):
        answer = client.post("/api/predict", data={"text": TEXT}, files={"image": ("a.png", broken)}).json()
        assert answer["prediction"]["picture"] == "broken"
        assert answer["note"].startswith("The picture cannot be opened")
        assert len(answer["prediction"]["mentions"]) == 2


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"text": ""}, 422, "no text to read"),
        ({"text": " \n\u00a0"}, 422, "no text to read"),
        ({"text": "x" * 101}, 413, "The text has 101 characters; at most 100 can be read at once"),
        ({"text": "x" * 20_000}, 413, "The text has 20,000 characters"),
        ({"text": "x", "caption": "x" * 101}, 413, "The caption has 101 characters"),
        ({"text": "x", "image": "no base64!"}, 422, "image: this is not base64"),
        ({"text": "x", "image": "é"}, 422, "image: this is not base64"),
        ({"text": "x", "picture": ""}, 422, "picture: Extra inputs"),
        ({"text": 3}, 422, "text: Input should be a valid string"),
        ({"image": ""}, 422, "text: Field required"),
        ([], 422, "Input should be an object"),
        ({"text": "x", "image": "A" * (3 << 20)}, 413, "at most 2 MB"),
        ({"text": "x", "image": "A" * (9 << 20)}, 413, "at most 2 MB"),
    ],
)
def test_app_refuses_json_with_a_sentence(client, made_up, body: Any, status: int, words: str) -> None:
    answer = client.post("/api/predict", json=body)
    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert answer.json()["error"].endswith(".")
    assert made_up.begun == 0


@pytest.mark.parametrize(
    "body", [b"{", b"", b"[" * 100_000, b"\xff\xfe", b'{"text": "\\ud83d"}', b"1" * 5_000], ids=range(6)
)
def test_app_refuses_what_is_no_json(client, body: bytes) -> None:
    answer = client.post("/api/predict", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"files": {"text": (None, "x" * 20_000)}}, 413, "The text has 20,000 characters"),
        ({"files": {"text": (None, "x" * (2 << 20))}}, 400, "The form cannot be read: Part exceeded maximum size"),
        ({"files": {"text": (None, "x"), "file": ("a", b"a")}}, 422, "file: no such file is expected"),
        ({"files": {"text": (None, "x"), "image": (None, "a")}}, 422, "image: send it as a file"),
        ({"files": {"text": (None, "x"), "compare": (None, "1")}}, 422, "compare: send true or false"),
        ({"files": {"text": ("a.txt", b"x")}}, 422, "text: "),
        ({"files": [("image", ("a", b"a")), ("image", ("b", b"a"))]}, 400, "Too many files"),
        ({"files": {"image": ("a", b"a")}}, 422, "text: Field required"),
        ({"files": {"text": (None, "x"), "image": ("a", b"a" * (9 << 20))}}, 413, "at most 2 MB"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400, "Missing boundary"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=y"}}, 400, "The form cannot"),
        ({"content": b"text=x", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 415, "Send the"),
        ({"content": b'{"text": "x"}', "headers": {"Content-Type": "text/plain"}}, 415, "Send the post as"),
    ],
)
def test_app_refuses_forms_with_a_sentence(client, made_up, form: Any, status: int, words: str) -> None:
    answer = client.post("/api/predict", **form)
    assert (answer.status_code, made_up.begun) == (status, 0)
    assert words in answer.json()["error"]


def test_app_writes_no_upload_to_disk(client, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rolled = []
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", rolled.append)
    picture = noisy(800)
    assert len(picture) > 1_500_000
    answer = client.post("/api/predict", data={"text": TEXT}, files={"image": ("a.bmp", picture)})
    assert (answer.status_code, answer.json()["prediction"]["picture"]) == (200, "ok")
    assert rolled == list(tmp_path.iterdir()) == []


def test_app_says_that_the_model_failed(client, made_up, monkeypatch, picture_of) -> None:
    monkeypatch.setattr(made_up, "_read", None)
    answer = client.post("/api/predict", json={"text": TEXT})
    assert answer.status_code == 500
    assert answer.json()["error"].startswith("The model failed on this post")
    monkeypatch.undo()
    assert client.post("/api/predict", json={"text": TEXT}).status_code == 200  # the thread lives on


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1:8000", True),
        ("localhost:8000", True),
        ("LOCALHOST", True),
        ("[::1]:8000", True),
        ("evil.example:8000", False),
        ("127.0.0.1.evil.example", False),
        ("localhost@evil.example", False),
        ("[", False),
        ("", False),
    ],
)
def test_app_knows_its_names_on_loopback(client, made_up, host: str, allowed: bool) -> None:
    assert client.get("/", headers={"Host": host}).status_code == (200 if allowed else 403)
    anywhere = TestClient(create_app(made_up, limits=LIMITS))
    assert anywhere.get("/", headers={"Host": host}).status_code == 200


def test_app_answers_no_page_of_others(client, made_up) -> None:
    own = {"Origin": "http://127.0.0.1:8000"}
    assert client.post("/api/predict", json={"text": TEXT}, headers=own).status_code == 200
    for origin in ("http://evil.example", "http://127.0.0.1:9000", "null"):
        form = {"data": {"text": TEXT}, "files": {"image": ("a", b"a")}, "headers": {"Origin": origin}}
        assert client.post("/api/predict", **form).status_code == 403
    assert client.options("/api/predict", headers={"Origin": "http://evil.example"}).status_code == 403
    assert made_up.begun == 1


def test_app_sends_what_a_browser_may_do(client) -> None:
    for address in ("/", "/page.js", "/api", "/api/health", "/nowhere", "/api/predict"):
        answer = client.get(address)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert not any(name.lower().startswith("access-control") for name in answer.headers)
    assert client.get("/page.js").headers["Content-Type"].startswith("text/javascript")
    assert client.get("/nowhere").json() == {"error": "Not Found"}
    assert client.get("/../app.py").status_code == client.get("/static/page.js").status_code == 404


def test_app_shows_examples(made_up, tmp_path, picture_of) -> None:
    (tmp_path / "a.png").write_bytes(picture_of("PER"))
    own = [Example("One", tmp_path / "a.png", "image/png", "a man"), Example("Two"), Example("Three", tmp_path / "b")]
    client = TestClient(create_app(made_up, limits=LIMITS, examples=own))
    assert client.get("/api/examples").json()[:2] == [
        {"text": "One", "picture": "api/examples/0/picture", "caption": "a man"},
        {"text": "Two", "picture": None, "caption": None},
    ]
    picture = client.get("/api/examples/0/picture")
    assert (picture.content, picture.headers["Content-Type"]) == (picture_of("PER"), "image/png")
    for number in ("1", "2", "3", "-1", "0.5"):
        assert client.get(f"/api/examples/{number}/picture").status_code == 404


def test_app_tells_of_the_model_and_the_limits(client, made_up) -> None:
    health = client.get("/api/health").json()
    assert (health["status"], health["busy"]) == ("ok", 0)
    assert health["limits"] == {"characters": 100, "picture_bytes": 2 << 20}
    assert [one["name"] for one in health["model"].pop("types")] == ["LOC", "PER"]
    assert health["model"] == {"corpus": "tiny", "fusion": "made_up", "reads": "picture"}
    made_up.no_image = True
    blind = TestClient(create_app(made_up, limits=LIMITS)).get("/api/health").json()
    assert blind["model"]["reads"] == "nothing"


def test_app_describes_all_that_it_says(client, picture_of) -> None:
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    answer = client.post("/api/predict", data={"text": TEXT}, files={"image": ("a.png", picture_of("PER"))}).json()
    met = set()

    def check(value: Any, schema: dict[str, Any]) -> None:
        """That a value has the shape that the schema tells of, and each of its fields a description."""
        if "anyOf" in schema:
            options = [one for one in schema["anyOf"] if (one.get("type") == "null") == (value is None)]
            schema = options[0]
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            met.add(name)
            assert list(value) == list(schemas[name]["properties"]) == schemas[name]["required"]
            for key, own in schemas[name]["properties"].items():
                assert name == "Answer" or own["description"]
                check(value[key], own)
            return
        kinds = {"null": type(None), "array": list, "string": str, "integer": int, "number": (int, float)}
        assert isinstance(value, kinds[schema["type"]])
        for number, one in enumerate(value if isinstance(value, list) else []):
            check(one, schema["items"] if "items" in schema else schema["prefixItems"][number])

    responses = document["paths"]["/api/predict"]["post"]["responses"]
    check(answer, responses["200"]["content"]["application/json"]["schema"])
    assert met == {"Answer", "Change", *FIELDS}
    assert {"400", "403", "408", "413", "415", "422", "503", "504"} <= set(responses)
    page = client.get("/api").text
    assert all(f"<h3>{name}</h3>" in page for name in (*met, "Post"))
    assert "http://127.0.0.1:8000/api/predict" in page
    assert "http" not in page.replace("http://127.0.0.1:8000/", "")  # nothing is fetched from elsewhere
    assert json.loads(client.post("/api/predict", json={"text": "</script>"}).text)["prediction"]["text"] == "</script>"


def test_app_escapes_the_name_that_it_is_asked_under(made_up) -> None:
    page = TestClient(create_app(made_up, limits=LIMITS)).get("/api", headers={"Host": "a<b>"}).text
    assert "<b>" not in page


def test_app_takes_words_of_a_prediction_as_they_are(client, made_up, monkeypatch) -> None:
    odd = Prediction("a\u2028b\x00", (Word("a", 0, 1),), ())
    monkeypatch.setattr(made_up, "_read", lambda query, compare: replace(odd, text=query.text))
    assert client.post("/api/predict", json={"text": odd.text}).json()["prediction"]["text"] == odd.text
