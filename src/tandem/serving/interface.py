"""The JSON interface, described as OpenAPI and as a page."""

from __future__ import annotations

from html import escape
from typing import Any

from pydantic.json_schema import models_json_schema

import tandem
from tandem.serving.answer import Answer
from tandem.serving.asked import Post
from tandem.serving.limits import Limits

REFERENCE = "#/components/schemas/{model}"
REFUSALS = {
    400: "The body cannot be read.",
    403: "A page of another site asks, or the server is asked under a foreign name.",
    408: "The request did not arrive in time.",
    413: "The text or the picture's file is too long.",
    415: "Neither JSON nor a form.",
    422: "A field is missing, unknown or wrong, or there is no text.",
    503: "Too many posts wait; try again.",
    504: "It took too long.",
}

FIELDS = {
    "Prediction": {
        "text": "The text that was read; offsets count its characters.",
        "words": "Words that the model saw, in order.",
        "mentions": "Entities, in order.",
        "relations": "Relations between them, if the server has a model of relations.",
        "picture": "What became of the picture: ok; none, where none was given; not used; missing, broken or "
        "too_large, where it was not opened. For a model that reads captions, the caption is the picture.",
        "without_image": "Entities that the model finds without the picture; null where nothing was compared.",
        "picture_weight": "Weight of the picture for each word, from 0 to 1; null where the model has none.",
        "region_weight": "Attention over the regions of the picture, sum 1; null where the model has none.",
    },
    "Word": {"text": "As it stands in the text.", "start": "Its first character.", "end": "The one after its last."},
    "Mention": {
        "text": "As it stands in the text.",
        "type": "One of the types in `GET /api/health`.",
        "start": "Its first character.",
        "end": "The one after its last.",
        "confidence": "How probable the model finds it, from 0 to 1.",
        "confidence_no_image": "The same without the picture; null where nothing was compared.",
    },
    "Relation": {
        "type": "Its name.",
        "head": "Number of the mention that it is from.",
        "tail": "Number of the mention that it goes to.",
        "confidence": "How probable the model finds it, from 0 to 1.",
        "confidence_no_image": "The same without the picture; null where nothing was compared.",
    },
}
"""Of the predictor's own types, as readers of JSON know them."""


def openapi(limits: Limits) -> dict[str, Any]:
    """The document of `GET /openapi.json`."""
    _, schemas = models_json_schema([(Post, "validation"), (Answer, "serialization")], ref_template=REFERENCE)
    for name, own in schemas["$defs"].items():
        if name in FIELDS:
            del own["description"]
            for field, text in FIELDS[name].items():
                own["properties"][field]["description"] = text
        if name != "Post":
            own["required"] = list(own["properties"])  # what has a default is sent all the same
    error = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
    form = {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "image": {"type": "string", "format": "binary"},
            "caption": {"type": "string"},
            "compare": {"type": "string", "enum": ["true", "false"]},
        },
        "required": ["text"],
    }
    refusals = {
        str(status): _said(text, {"$ref": REFERENCE.format(model="Error")}) for status, text in REFUSALS.items()
    }
    predict = {
        "summary": "Entities and relations of one post",
        "description": f"A text of at most {limits.characters:,} characters, a picture of at most "
        f"{limits.picture_bytes / (1 << 20):g} MB. A picture that cannot be opened is no error: the text is read "
        "without it, and `note` says so. Offsets count Unicode characters from 0; ends are exclusive.",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"$ref": REFERENCE.format(model="Post")}},
                "multipart/form-data": {"schema": form},
            },
        },
        "responses": {"200": _said("What was found.", {"$ref": REFERENCE.format(model="Answer")}), **refusals},
    }
    plain = {"type": "object"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tandem", "version": tandem.__version__},
        "paths": {
            "/api/predict": {"post": predict},
            "/api/health": {"get": _get("The model, the limits, and how many posts are waited for", plain)},
            "/api/examples": {"get": _get("Posts to try", {"type": "array", "items": plain})},
        },
        "components": {"schemas": {**schemas["$defs"], "Error": error}},
    }


def _get(summary: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": _said(f"{summary}.", schema)}}


def _said(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def page(document: dict[str, Any], address: str) -> str:
    """The document for people. address: of the server, as the reader calls it."""
    schemas = document["components"]["schemas"]
    predict = document["paths"]["/api/predict"]["post"]
    order = ["Post", "Answer", "Change", *FIELDS]
    refusals = "".join(
        f"<tr><th scope=row>{status}</th><td>{escape(said['description'])}</td></tr>"
        for status, said in predict["responses"].items()
    )
    curl = f"curl {address}api/predict -F text='Sunset over Oakland' -F image=@photo.jpg"
    return f"""<!doctype html>
<html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">
<title>Tandem: the JSON interface</title>
<link rel=icon href=icon.svg><link rel=stylesheet href=page.css>
<header class=top><h1>The JSON interface</h1>
<p><a href="./">Back to the page</a> · <a href=openapi.json>OpenAPI</a></p></header>
<main class=plain>
<h2>POST /api/predict</h2><p>{_prose(predict["description"])}</p><pre tabindex=0>{escape(curl)}</pre>
<p>As <code>multipart/form-data</code>, with the picture as a file, or as JSON:</p>
{"".join(_table(name, schemas[name]) for name in order)}
<h3>Status</h3><div class=wide><table>{refusals}</table></div>
<p>What is refused has a body of <code>{{"error": "a sentence"}}</code>.</p>
<h2>GET /api/health</h2><p>The model, the limits, and how many posts are read or wait.</p>
<h2>GET /api/examples</h2><p>Posts to try: text, address of the picture, caption.</p>
</main></html>
"""


def _table(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    rows = "".join(
        f"<tr><th scope=row><code>{escape(field)}</code></th><td>{escape(_kind(own))}"
        f"{'' if field in required else ', optional'}</td><td>{_prose(own.get('description', ''))}</td></tr>"
        for field, own in schema["properties"].items()
    )
    about = f"<p>{_prose(schema['description'])}</p>" if "description" in schema else ""
    return f"<h3>{escape(name)}</h3>{about}<div class=wide><table>{rows}</table></div>"


def _prose(text: str) -> str:
    """What stands between backticks as code."""
    parts = escape(" ".join(text.split())).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


def _kind(schema: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        one = schema.get("items") or schema.get("prefixItems", [{}])[0]
        return f"list of {_kind(one)}"
    return str(schema.get("type", "any"))
