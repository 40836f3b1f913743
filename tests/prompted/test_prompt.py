"""Requests, their keys, and their pictures."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tandem.params import PromptedParams
from tandem.prompted.pictures import SentPicture
from tandem.prompted.prompt import Question, closed_object, question

SCHEMA = closed_object({"relation": {"type": "string"}})


@pytest.fixture
def picture(tmp_path) -> SentPicture:
    """300 x 100 pixels, the left third red, stored as a PNG with a palette."""
    values = np.full((100, 300, 3), (0, 0, 255), dtype=np.uint8)
    values[:, :100] = (255, 0, 0)
    return saved(Image.fromarray(values).quantize(4), tmp_path / "a.png")


def saved(image: Image.Image, path: Path) -> SentPicture:
    image.save(path)
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    return SentPicture(path=str(path), content=content, side=60, max_pixels=1_000_000)


def ask(picture: SentPicture | None = None, examples: tuple = (), **knobs) -> Question:
    return question(
        PromptedParams(**knobs), instruction="do", schema=SCHEMA, examples=examples, text="hi", picture=picture
    )


def decoded(url: str) -> Image.Image:
    head, _, data = url.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data, validate=True)))


def test_prompt_is_a_chat_with_the_form_of_the_answer() -> None:
    body = ask(model="m", temperature=0.5, max_tokens=9).request()
    assert body == {
        "model": "m",
        "messages": [{"role": "system", "content": "do"}, {"role": "user", "content": "hi"}],
        "temperature": 0.5,
        "max_tokens": 9,
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": "answer",
                "strict": True,
                "schema": {
                    "type": "object",
                    "properties": {"relation": {"type": "string"}},
                    "required": ["relation"],
                    "additionalProperties": False,
                },
            },
        },
    }


def test_prompt_leaves_out_what_a_server_does_not_know() -> None:
    assert ask(structure="json_object").request()["response_format"] == {"type": "json_object"}
    assert set(ask(structure="none", temperature=None, max_tokens=None).request()) == {"model", "messages"}


def test_prompt_shows_solved_examples_first() -> None:
    messages = ask(examples=(("q1", "a1"), ("q2", "a2"))).request()["messages"]
    roles = ["system", "user", "assistant", "user", "assistant", "user"]
    assert [message["role"] for message in messages] == roles
    assert [message["content"] for message in messages] == ["do", "q1", "a1", "q2", "a2", "hi"]


def test_prompt_sends_a_small_jpeg_of_the_picture(picture) -> None:
    text, image = ask(picture).request()["messages"][-1]["content"]
    assert text == {"type": "text", "text": "hi"}
    assert image["type"] == "image_url"
    sent = decoded(image["image_url"]["url"])
    assert (sent.format, sent.mode, sent.size) == ("JPEG", "RGB", (60, 20))
    red, blue = (sent.getpixel(place) for place in ((5, 10), (50, 10)))
    assert np.allclose(red, (255, 0, 0), atol=40)
    assert np.allclose(blue, (0, 0, 255), atol=40)


def test_prompt_does_not_enlarge_pictures(tmp_path) -> None:
    small = saved(Image.new("RGB", (5, 3)), tmp_path / "s.png")
    assert decoded(small.data_url()).size == (5, 3)
    thin = saved(Image.new("RGB", (2000, 1)), tmp_path / "t.png")
    assert decoded(thin.data_url()).size == (60, 1)


def test_prompt_tells_pictures_that_do_not_open(tmp_path, picture) -> None:
    assert picture.usable
    (tmp_path / "b.jpg").write_bytes(b"GIF89a broken")
    content = hashlib.sha256(b"GIF89a broken").hexdigest()
    broken = replace(picture, path=str(tmp_path / "b.jpg"), content=content)
    assert not broken.usable
    assert not replace(picture, max_pixels=29_999).usable
    assert not replace(picture, path=str(tmp_path / "none.jpg")).usable
    with pytest.raises(ValueError, match=r"b\.jpg: does not open any more"):
        broken.data_url()
    with pytest.raises(ValueError, match=r"a.png: changed since it was prepared; run `dvc repro prepare`"):
        replace(picture, content="0" * 64).data_url()


def test_prompt_key_is_all_that_decides_the_answer(picture) -> None:
    plain = ask(picture).key("http://a/v1")
    assert plain == ask(picture).key("http://a/v1/")
    moved = replace(picture, path="elsewhere.jpg", max_pixels=7)
    assert plain == ask(moved).key("http://a/v1")  # the same picture
    others = [
        ask(picture).key("http://b/v1"),
        ask(None).key("http://a/v1"),
        ask(replace(picture, side=61)).key("http://a/v1"),
        ask(replace(picture, content="0" * 64)).key("http://a/v1"),
        ask(picture, examples=(("q", "a"),)).key("http://a/v1"),
        *(
            ask(picture, **knobs).key("http://a/v1")
            for knobs in ({"model": "m"}, {"temperature": 1}, {"max_tokens": 5}, {"structure": "none"})
        ),
    ]
    assert len({plain, *others}) == 10
    # What only decides when and how fast it is asked does not count.
    assert plain == ask(picture, concurrency=9, timeout=1, retries=0, price_in=1, limit=3).key("http://a/v1")


def test_prompt_key_stays_as_it_is() -> None:
    """Another one would ask everything again, at its price: raise FORMAT and this value on purpose only."""
    fixed = Question({"model": "m", "messages": [{"role": "user", "content": "é"}]}, None)
    text = (
        '{"body": {"messages": [{"content": "\\u00e9", "role": "user"}], "model": "m"}, "endpoint": "http://a/v1", '
        '"format": 1, "picture": null}'
    )
    assert json.loads(text)["format"] == 1
    assert fixed.key("http://a/v1") == hashlib.sha256(text.encode()).hexdigest()
