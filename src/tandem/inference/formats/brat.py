"""A folder of brat's standoff format: a .txt and an .ann for each post, and annotation.conf."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from tandem.inference.formats.base import Answer, Format, Sink

FOLDER = 1000  # lines whose posts share a folder; brat lists one at a time
INDEX, CONFIGURATION = "index.tsv", "annotation.conf"
HEADER = "document\tline\tid\tpicture\n"
TYPES = {"entities": "entities.txt", "relations": "relations.txt"}  # of a part: those that stand in it
BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")


class Brat(Format):
    """Documents `<folder>/<line>.txt` and `.ann`: entities (T), relations (R), and confidences as notes (#).

    Offsets count Unicode characters, as brat's do. brat has no entity that goes over the end of a line: one within a
    mention is a blank in the .txt. Types whose names brat does not allow are spelt so that it does, and shown by their
    own names (visual.conf). `index.tsv` has the id and the picture of each document.
    """

    def open(self, path: Path) -> Sink:
        """As in `Format`."""
        return _BratSink(path)

    def owns(self, folder: Path) -> bool:
        """As in `Format`."""
        return (folder / INDEX).is_file() and (folder / CONFIGURATION).is_file()

    def join(self, parts: Sequence[Path], target: Path) -> None:
        """As in `Format`; documents are linked where the disk can do that, so that they are not there twice."""
        target.mkdir()
        with (target / INDEX).open("w", encoding="utf-8", newline="") as index:
            index.write(HEADER)
            for part in parts:
                with (part / INDEX).open(encoding="utf-8", newline="") as stream:
                    shutil.copyfileobj(stream, index)
                for document in sorted(part.glob("*/*")):
                    place = target / document.parent.name / document.name
                    place.parent.mkdir(exist_ok=True)
                    try:
                        os.link(document, place)
                    except OSError:
                        shutil.copyfile(document, place)
        found = {kind: sorted({name for part in parts for name in _lines(part / file)}) for kind, file in TYPES.items()}
        _configure(target, **found)


class _BratSink(Sink):
    def __init__(self, path: Path) -> None:
        path.mkdir()
        self._path = path
        self._index = (path / INDEX).open("w", encoding="utf-8", newline="")
        self._types: dict[str, set[str]] = {kind: set() for kind in TYPES}

    def write(self, answer: Answer) -> None:
        found = answer.prediction
        self._types["entities"] |= {mention.type for mention in found.mentions}
        self._types["relations"] |= {relation.type for relation in found.relations}
        text, annotations = standoff(answer)
        name = f"{answer.line // FOLDER:06d}/{answer.line:09d}"
        document = self._path / f"{name}.txt"
        document.parent.mkdir(exist_ok=True)
        # No translation of line ends: each of their characters counts.
        document.write_text(text, encoding="utf-8", newline="")
        document.with_suffix(".ann").write_text(annotations, encoding="utf-8", newline="")
        cells = (name, answer.line, answer.id, answer.image)
        self._index.write("\t".join("" if cell is None else BREAKS.sub(" ", str(cell)) for cell in cells) + "\n")

    def close(self) -> None:
        self._index.close()
        for kind, file in TYPES.items():
            (self._path / file).write_text("".join(f"{name}\n" for name in sorted(self._types[kind])), encoding="utf-8")

    def abandon(self) -> None:
        self._index.close()


def standoff(answer: Answer) -> tuple[str, str]:
    """What stands in a post's .txt and in its .ann."""
    found = answer.prediction
    text, lines, notes = found.text, [], []
    for number, mention in enumerate(found.mentions, start=1):
        covered = BREAKS.sub(" ", text[mention.start : mention.end])
        text = text[: mention.start] + covered + text[mention.end :]
        lines.append(f"T{number}\t{spelt(mention.type)} {mention.start} {mention.end}\t{covered}\n")
        notes.append((f"T{number}", mention.confidence))
    for number, relation in enumerate(found.relations, start=1):
        lines.append(f"R{number}\t{spelt(relation.type)} Arg1:T{relation.head + 1} Arg2:T{relation.tail + 1}\n")
        notes.append((f"R{number}", relation.confidence))
    for number, (one, confidence) in enumerate(notes, start=1):
        lines.append(f"#{number}\tAnnotatorNotes {one}\tconfidence {confidence:.4f}\n")
    return text, "".join(lines)


def spelt(name: str) -> str:
    """A type in the letters that brat allows: /per/org/member_of is per_org_member_of."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name.strip("/")) or "_"


def _configure(folder: Path, entities: Sequence[str], relations: Sequence[str]) -> None:
    ends = "Arg1:<ENTITY>, Arg2:<ENTITY>"
    sections = {
        "entities": [spelt(name) for name in entities],
        "relations": [f"{spelt(name)}\t{ends}" for name in relations],
        "events": [],
        "attributes": [],
    }
    configuration = "\n".join("\n".join([f"[{name}]", *lines, ""]) for name, lines in sections.items())
    (folder / CONFIGURATION).write_text(configuration, encoding="utf-8")
    labels = [f"{spelt(name)} | {name}" for name in (*entities, *relations) if spelt(name) != name]
    (folder / "visual.conf").write_text("\n".join(["[labels]", *labels, "", "[drawing]", ""]), encoding="utf-8")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]
