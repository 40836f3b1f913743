"""A trained model that reads raw posts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import isqrt
from os import PathLike
from pathlib import Path
from typing import Any, get_args, overload

from PIL import Image

from tandem.corpora.schema import NO_RELATION, Sample
from tandem.evaluation.spans import Span
from tandem.exporting.frozen import FOLDER, frozen_of, load_frozen
from tandem.exporting.manifest import MANIFEST, check_manifest
from tandem.inference.album import Album, Shown
from tandem.inference.pairs import BLOCK, Pair, candidate_pairs, excerpt, pair_row
from tandem.inference.prediction import Mention, Picture, Prediction, Query, Relation, Word
from tandem.inference.reader import Reader, Reads
from tandem.models.build import Trained, load_model
from tandem.models.constraints import Rule
from tandem.models.reading import Reading
from tandem.models.runtime import Runtime, pick_runtime
from tandem.tasks import NER, RE
from tandem.text.raw import Piece, locate, tokenise
from tandem.vision.extract import encoder_key
from tandem.vision.live import LiveFeatures

LONGEST = 280  # characters of a word that are read; its pieces are cut at half a window, which is far fewer
WINDOW = 4096  # posts that are sorted by length among themselves


@dataclass
class _Post:
    """A query on its way."""

    query: Query
    pieces: list[Piece]
    shown: Shown
    spans: list[Span] | None = None  # its entities as words, in the order of `mentions`
    mentions: tuple[Mention, ...] = ()
    without_image: tuple[Mention, ...] | None = None
    relations: tuple[Relation, ...] = ()
    picture: str = "none"
    seen: Reading | None = None


class Predictor:
    """A model, or a NER model with a relation model behind it, ready for raw text and pictures.

    task: "ner" or "re". fusion: the name of the strategy. labels: the classes of the model. about: what tandem.json
    says. regions_grid: rows and columns of the grid that `Prediction.region_weight` is over, None if there is none; it
    lies on the largest centred square of the picture. no_image: no picture is opened and no caption read. reads: what
    the model reads beside the words, "picture", "caption" or "nothing".
    """

    def __init__(self, reader: Reader, relations: Reader | None, *, about: dict[str, Any], rule: Rule = "none") -> None:
        """reader: of the first model. relations: of the relation model behind it. rule: as of `load`."""
        trained = reader.trained
        self.task, self.fusion = trained.task.name, trained.params.fusion
        self.labels: list[str] = list(trained.model.label_names)
        self.about = about
        self.no_image = reader.no_image
        self.regions_grid = _grid(reader)
        self._ner = reader if trained.task is NER else None
        self._re = reader if trained.task is RE else relations
        self._readers = [one for one in (reader, relations) if one is not None]
        self.reads: Reads = next((one.reads for one in self._readers if one.reads != "nothing"), "nothing")
        self._rule: Rule = rule

    @overload
    def __call__(
        self, text: str, image: Picture | None = None, *, caption: str | None = None, compare: bool = False
    ) -> Prediction: ...

    @overload
    def __call__(
        self,
        text: list[str],
        image: Sequence[Picture | None] | None = None,
        *,
        caption: Sequence[str | None] | None = None,
        compare: bool = False,
    ) -> list[Prediction]: ...

    def __call__(self, text: Any, image: Any = None, *, caption: Any = None, compare: bool = False) -> Any:
        """What is found in one post, or in each of several. compare: as of `stream`.

        Errors: `ValueError` for texts, images and captions that differ in number.
        """
        if isinstance(text, str):
            return next(self.stream([Query(text, image, caption)], compare=compare))
        texts = list(text)
        given = {"image": image, "caption": caption}
        rows = {name: [None] * len(texts) if value is None else _row(name, value) for name, value in given.items()}
        for name, row in rows.items():
            if len(row) != len(texts):
                raise ValueError(
                    f"{len(texts)} texts with {len(row)} of {name}; give one for each text, None where none is"
                )
        return list(self.stream(map(Query, texts, rows["image"], rows["caption"]), compare=compare))

    def check(self, query: Query) -> None:
        """That the query can be read; `stream` does the same. Errors: `ValueError`, one line."""
        self._prepare(query)

    def stream(self, queries: Iterable[Query], *, window: int = WINDOW, compare: bool = False) -> Iterator[Prediction]:
        """Predictions in the order of the queries, of which no more than `window` are in memory.

        The first `window` queries are sorted by length among themselves, then the next. What is said of one depends on
        the others of its window in the last digits at most.

        compare: say too what the same model finds without the picture.
        Errors: `ValueError` for a query that `check` refuses.
        """
        waiting = iter(queries)
        while some := list(islice(waiting, window)):
            yield from self._window(some, compare)
        for reader in self._readers:
            reader.flush()

    def _window(self, queries: Sequence[Query], compare: bool) -> list[Prediction]:
        posts = [self._prepare(query) for query in queries]
        if self._ner is not None:
            self._tag(self._ner, posts, compare)
        if self._re is not None:
            self._relate(self._re, posts, compare)
        return [_prediction(post) for post in posts]

    def _prepare(self, query: Query) -> _Post:
        if not isinstance(query.text, str):
            raise ValueError(f"text: expected a string, found {type(query.text).__name__}")
        pieces = tokenise(query.text) if query.words is None else locate(query.text, query.words)
        caption = _readable(query.caption).strip() if query.caption else ""
        post = _Post(query, pieces, Shown(_source(query.image), caption or None))
        if query.mentions is not None:
            post.spans = _spans(query.mentions, pieces)
            post.mentions = query.mentions
        elif self._ner is None and pieces:
            raise ValueError(
                "a relation model alone needs the mentions of each post: give Query.mentions, or load a NER model and "
                "give this one as relations"
            )
        if any(reader.given(post.shown) for reader in self._readers):
            post.picture = "not used"
        return post

    def _open(self, reader: Reader, posts: Sequence[_Post]) -> tuple[list[Sample | None], Album]:
        """Each post as a row, None if it has no words, and the pictures of them all."""
        rows: list[Sample | None] = []
        shown: dict[str, Shown] = {}
        for number, post in enumerate(posts):
            image_id = str(number) if post.pieces and reader.sees(post.shown) else None
            if image_id is not None:
                shown[image_id] = post.shown
            rows.append(_sample(post, image_id) if post.pieces else None)
        return rows, reader.album(shown)

    def _tag(self, reader: Reader, posts: Sequence[_Post], compare: bool) -> None:
        """Find the mentions of the posts in which they are not known."""
        rows, album = self._open(reader, posts)
        asked = [(row, post) for row, post in zip(rows, posts, strict=True) if row is not None and post.spans is None]
        read = reader.read([row for row, _ in asked], album, compare=compare)
        for (row, post), found in zip(asked, read, strict=True):
            post.seen, post.spans = found.seen, found.seen.claims
            post.mentions = _mentions(post, found.seen, found.confidences_blind)
            post.without_image = None if found.blind is None else _mentions(post, found.blind)
            _note(post, row, album)

    def _relate(self, reader: Reader, posts: Sequence[_Post], compare: bool) -> None:
        """Find the relations between the mentions."""
        rows, album = self._open(reader, posts)
        pairs = _pairs(rows, posts)
        while block := list(islice(pairs, BLOCK)):
            samples = [pair_row(row, pair) for _, _, row, pair in block]
            types = [(head.type, tail.type) for _, _, _, (head, tail) in block]
            read = reader.read(samples, album, compare=compare, types=types, rule=self._rule)
            for (post, ends, row, _), found in zip(block, read, strict=True):
                (sure,), (blind,) = found.seen.confidences, found.confidences_blind or (None,)
                if found.seen.said != NO_RELATION:
                    post.relations += (Relation(found.seen.said, *ends, sure, blind),)
                _note(post, row, album)


def load(
    path: str | PathLike[str],
    *,
    relations: str | PathLike[str] | None = None,
    device: str = "auto",
    precision: str = "auto",
    threads: int = 0,
    batch_size: int = 64,
    no_image: bool = False,
    cache: str | PathLike[str] | None = None,
    types: Rule = "none",
) -> Predictor:
    """A predictor from a checkpoint's folder, an exported one, or `models/<corpus>`, of which the best seed is taken.

    relations: folder of a relation model, which is asked about the mentions that the first one finds. device,
    precision, threads: as under `train` in params.yaml. batch_size: posts a forward pass. cache: folder in which the
    features of pictures are kept from run to run, with those of extraction if it is `data/cache/features`; None keeps
    those of the last pictures in memory. types: as `relation.types`, how types of mentions constrain relations.
    Errors: `ValueError` naming file or value and remedy.
    """
    if types not in get_args(Rule):
        raise ValueError(f"types {types!r}; allowed: {', '.join(get_args(Rule))}")
    if batch_size < 1:
        raise ValueError(f"batch_size {batch_size} must be at least 1")
    folders = [checkpoint(Path(path))] + ([] if relations is None else [checkpoint(Path(relations))])
    for folder in folders:
        check_manifest(folder)
    loaded = [load_model(folder) for folder in folders]
    if len(loaded) == 2 and [trained.task for trained in loaded] != [NER, RE]:
        found = " and ".join(f"{folder} ({trained.task.name})" for folder, trained in zip(folders, loaded, strict=True))
        raise ValueError(f"relations: expected a NER model and a relation model behind it, found {found}")
    small = all(trained.params.text.encoder == "scratch" for trained in loaded)
    runtime = pick_runtime(device=device, precision=precision, threads=threads, small=small)
    shelf = None if cache is None else Path(cache)
    lives = [None] * len(loaded) if no_image else _encoders(loaded, folders, runtime, shelf)
    readers = [
        Reader(trained, runtime, live, batch_size=batch_size, no_image=no_image)
        for trained, live in zip(loaded, lives, strict=True)
    ]
    about = json.loads((folders[0] / "tandem.json").read_text(encoding="utf-8"))
    return Predictor(readers[0], readers[1] if len(readers) == 2 else None, about=about, rule=types)


def checkpoint(path: Path) -> Path:
    """The folder itself if it is a checkpoint, else the one below it with the best validation score.

    Errors: `ValueError` if there is none.
    """
    if not path.is_dir() or any((path / name).is_file() for name in ("tandem.json", MANIFEST)):
        return path  # `load_model` says what is wrong with it
    scores = {}
    for about in sorted(path.glob("*/tandem.json")):
        try:
            valid = json.loads(about.read_text(encoding="utf-8"))["valid"]
            scores[about.parent] = max(float(value) for value in valid.values())
        except (ValueError, KeyError, AttributeError):
            raise ValueError(f"{about}: says no validation score; name the checkpoint's own folder") from None
    if not scores:
        raise ValueError(f"{path}: no checkpoint in it or right below it; train a model with `dvc repro train`")
    return max(scores, key=lambda folder: scores[folder])


def task_of_checkpoint(folder: Path) -> str | None:
    """The task of the model in a folder; None if it does not say, which `load` finds wrong with it."""
    try:
        task: str = json.loads((folder / "tandem.json").read_text(encoding="utf-8"))["task"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return task


def _encoders(
    loaded: Sequence[Trained], folders: Sequence[Path], runtime: Runtime, shelf: Path | None
) -> list[LiveFeatures | None]:
    """What encodes the pictures of each model; models with the same encoder share one."""
    looking = [trained for trained in loaded if trained.model.fusion.uses_picture]
    places = {id(trained): folder / FOLDER for trained, folder in zip(loaded, folders, strict=True)}
    saved = {id(trained): frozen_of(trained.about) for trained in looking}
    keys = {id(trained): encoder_key(trained.params.vision.extracted, known=saved[id(trained)]) for trained in looking}
    shared: dict[str, LiveFeatures] = {}
    for trained in looking:
        key = keys[id(trained)]
        if key not in shared:
            own = trained.params.vision
            shared[key] = LiveFeatures(
                params=own,
                place=runtime.device,
                with_regions=any(other.model.reads_regions for other in looking if keys[id(other)] == key),
                shelf=shelf,
                encoder=None if saved[id(trained)] is None else load_frozen(own, places[id(trained)]),
                key=key,
            )
        found, expected = shared[key].encoder, trained.reads
        if (found.pooled_dim, found.region_dim) != (expected.pooled, expected.regions):
            raise ValueError(
                f"vision.encoder {trained.params.vision.encoder} gives {found.pooled_dim}/{found.region_dim} numbers "
                f"(pooled/regions), but the model was trained on {expected.pooled}/{expected.regions}; "
                "put the encoder's weights back, or train the model again"
            )
    return [shared[keys[id(trained)]] if id(trained) in keys else None for trained in loaded]


def _grid(reader: Reader) -> tuple[int, int] | None:
    """Rows and columns of the regions that a strategy attends to, None if it does not or they lie on no grid."""
    fusion, vision = reader.model.fusion, reader.trained.params.vision
    if reader.reads != "picture" or not fusion.uses_regions or fusion.joint or vision.family == "raw":
        return None
    side = isqrt(reader.regions)
    return side, side


def _row(name: str, value: Any) -> list[Any]:
    if isinstance(value, (str, bytes, PathLike, Image.Image)):
        raise ValueError(f"{name}: with a list of texts, give a list with one for each text")
    return list(value)


def _source(image: Picture | None) -> Any:
    """A picture as `LiveFeatures` opens it. Errors: `ValueError` for what is no picture."""
    if image is None or isinstance(image, (bytes, Image.Image)):
        return image
    if isinstance(image, (str, PathLike)):
        return Path(image)
    if isinstance(image, (bytearray, memoryview)):
        return bytes(image)
    raise ValueError(f"image: expected a path, bytes, a PIL image or None, found {type(image).__name__}")


def _readable(text: str) -> str:
    """With a replacement for halves of surrogate pairs, which no tokenizer takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _sample(post: _Post, image_id: str | None) -> Sample:
    """A post as a row of a prepared table."""
    words = [piece.text[:LONGEST] for piece in post.pieces]
    if _readable(post.query.text) != post.query.text:
        words = [_readable(word) for word in words]
    absent: dict[str, Any] = {"image_path": None, "image_hash": None}
    caption = post.shown.caption
    return Sample(
        id="", source="", split="", words=words, image_id=image_id, caption=caption, text_hash="", tags=[], **absent
    )


def _spans(mentions: Sequence[Mention], pieces: Sequence[Piece]) -> list[Span]:
    """The words that mentions have a part in. Errors: `ValueError` for a mention that has none."""
    found = []
    for mention in mentions:
        inside = [
            number for number, piece in enumerate(pieces) if piece.start < mention.end and mention.start < piece.end
        ]
        if not inside:
            raise ValueError(f"mentions: {mention.type} at {mention.start}:{mention.end} has no word of the text in it")
        found.append(Span(mention.type, inside[0], inside[-1] + 1))
    return found


def _mentions(post: _Post, reading: Reading, blind: Sequence[float] | None = None) -> tuple[Mention, ...]:
    """Entities that a model claims, as mentions in the raw text; `blind`: how probable each is without the picture."""
    text, pieces = post.query.text, post.pieces
    unknown: Sequence[float | None] = [None] * len(reading.claims)
    found = []
    for span, sure, unseen in zip(reading.claims, reading.confidences, blind or unknown, strict=True):
        start, end = pieces[span.start].start, pieces[span.end - 1].end
        found.append(Mention(text[start:end], span.type, start, end, sure, unseen))
    return tuple(found)


def _pairs(
    rows: Sequence[Sample | None], posts: Sequence[_Post]
) -> Iterator[tuple[_Post, tuple[int, int], Sample, Pair]]:
    """Every pair of mentions of each post: the numbers of both, and both in the words that a relation model gets."""
    for row, post in zip(rows, posts, strict=True):
        if row is None or post.spans is None:
            continue
        numbers = {id(span): number for number, span in enumerate(post.spans)}
        for pair in candidate_pairs(post.spans):
            if (cut := excerpt(row, pair)) is not None:
                yield post, (numbers[id(pair[0])], numbers[id(pair[1])]), *cut


def _note(post: _Post, row: Sample, album: Album) -> None:
    """Say what became of the picture, unless another model has read it."""
    if row.image_id is not None and post.picture == "not used":
        post.picture = album.status.get(row.image_id, "ok")


def _prediction(post: _Post) -> Prediction:
    weights = None if post.seen is None else post.seen.picture_weight
    regions = None if post.seen is None else post.seen.region_weight
    return Prediction(
        text=post.query.text,
        words=tuple(Word(*piece) for piece in post.pieces),
        mentions=post.mentions,
        relations=post.relations,
        picture=post.picture,
        without_image=post.without_image,
        picture_weight=None if weights is None else tuple(weight or 0.0 for weight in weights),
        region_weight=None if regions is None else tuple(regions),
    )
