"""Links from fixed paths to wherever a corpus lies.

DVC needs dependencies with fixed names, while `root`, `images` and `captions` may point anywhere, be symbolic links,
or, in a merged corpus, be several. So each corpus gets three links that DVC reads through, and a copy of its entry in
params.yaml:

    data/links/<corpus>            -> its root (merged: a folder with the same three links for each part, as copies
                                      of the tree made of links to files, because DVC follows links only at the top)
    data/links/<corpus>.images     -> its pictures (a folder without any if there are none, and where they are a folder
                                      of the root: thousands of files need not be looked at twice in every `dvc repro`)
    data/links/<corpus>.captions   -> its captions (a blank line if there are none)
    data/links/<corpus>.json       its entry under `corpora`, and those of its parts: editing another corpus's entry
                                   leaves it as it is
    data/links/<corpus>.task.json  its task, and the knobs of that task which a training follows
    data/links/<corpus>.decoding.json   those which only decoding follows: a training need not run again for them
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tandem.corpora.twitter import CorpusError
from tandem.files import locate, write_json
from tandem.params import FileCorpusParams, MergedCorpusParams, TandemParams

LINKS = Path("data/links")


def locate_root(name: str, corpus: FileCorpusParams) -> Path:
    """The real folder of a corpus; `CorpusError` tells where it was looked for."""
    folder = corpus.folder(name)
    root = locate(folder)
    if root is None or not root.is_dir():
        remedy = f"put or link the corpus there, or set corpora.{name}.root"
        if folder.with_name(f"{folder.name}.dvc").is_file():
            remedy = f"DVC has it: run `dvc pull {folder}.dvc` in the project"
        raise CorpusError(f"corpora.{name}: no folder {folder}; {remedy}")
    return root.resolve()


def locate_captions(name: str, corpus: FileCorpusParams) -> Path | None:
    """The real caption file, looked for in the root and then in the project; None if the corpus names none."""
    if corpus.captions is None:
        return None
    inside = locate_root(name, corpus) / corpus.captions
    found = inside if inside.is_file() else locate(Path(corpus.captions))
    if found is None or not found.is_file():
        raise CorpusError(f"corpora.{name}.captions: no file {corpus.captions} in {corpus.folder(name)} or the project")
    return found.resolve()


def _clear(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)  # removes links, never what they point to


def _link(path: Path, target: Path | None, *, folder: bool) -> None:
    """Point `path` at `target`; without one, make an empty folder or a blank file there."""
    _clear(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if target is not None:
        path.symlink_to(target, target_is_directory=folder)
    elif folder:
        path.mkdir()
        (path / ".none").write_text("No pictures, or the corpus's own folder has them.\n")  # DVC warns of empty folders
    else:
        path.write_text("\n")  # and of files without a byte


def _mirror(path: Path, source: Path, skip: Path | None = None) -> None:
    """A tree of real folders and links to files, without the folder `skip`."""
    path.mkdir(parents=True, exist_ok=True)
    for entry in sorted(source.iterdir()):
        if entry.is_dir():
            if entry != skip:
                _mirror(path / entry.name, entry, skip)
        else:
            (path / entry.name).symlink_to(entry.resolve())


def paths(name: str, links: Path = LINKS) -> tuple[Path, Path, Path]:
    """The three links of a corpus: root, images, captions."""
    return links / name, links / f"{name}.images", links / f"{name}.captions"


def pictures_of(name: str, corpus: FileCorpusParams, links: Path = LINKS) -> Path:
    """The folder of a corpus's pictures, below its links."""
    root, images, _ = paths(name, links)
    inside = root / corpus.images
    return inside if inside.is_dir() and not images.is_symlink() else images


def _inside(root: Path, pictures: Path) -> bool:
    """Whether DVC sees the pictures when it reads the root: not through another link."""
    return pictures.resolve() == root / pictures.relative_to(root) if pictures.is_relative_to(root) else False


def task_knobs(params: TandemParams, task: str) -> dict[str, dict[str, str]]:
    """The knobs of a task that a training follows (`task`), and those that only decoding does (`decoding`)."""
    if task == "ner":
        return {"task": {"decoder": params.decoder}, "decoding": {}}
    return {"task": {"pooling": params.relation.pooling}, "decoding": {"types": params.relation.types}}


def link_corpus(params: TandemParams, name: str, links: Path = LINKS) -> None:
    """Make the links of one corpus anew. Errors: `CorpusError` if a folder or file is missing."""
    corpus = params.corpus(name)
    root, images, captions = paths(name, links)
    entries = [name, *corpus.parts] if isinstance(corpus, MergedCorpusParams) else [name]
    write_json(links / f"{name}.json", {entry: params.corpus(entry).model_dump(mode="json") for entry in entries})
    for kind, knobs in task_knobs(params, corpus.task).items():
        write_json(links / f"{name}.{kind}.json", {"task": corpus.task, **knobs})
    if isinstance(corpus, MergedCorpusParams):
        _clear(root)
        root.mkdir(parents=True)
        for part in corpus.parts:
            entry = params.corpus(part)
            assert isinstance(entry, FileCorpusParams)
            part_root, part_images, part_captions = paths(part, root)
            folder = locate_root(part, entry)
            _mirror(part_root, folder, skip=folder / entry.images)
            if (folder / entry.images).is_dir():
                _mirror(part_images, folder / entry.images)
            else:
                part_images.mkdir()
            _link(part_captions, locate_captions(part, entry), folder=False)
        _link(images, None, folder=True)
        _link(captions, None, folder=False)
        return
    folder = locate_root(name, corpus)
    pictures = folder / corpus.images
    _link(root, folder, folder=True)
    apart = pictures.is_dir() and not _inside(folder, pictures)
    _link(images, pictures.resolve() if apart else None, folder=True)
    _link(captions, locate_captions(name, corpus), folder=False)
