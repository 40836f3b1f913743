"""Every distinct picture once through the frozen encoder: data/features/<corpus>, counts in metrics/features."""

import sys
from collections.abc import Mapping
from pathlib import Path

from tandem.corpora.schema import read_image_ids, read_pictures
from tandem.files import write_json
from tandem.params import MergedCorpusParams, TandemParams
from tandem.stage import run_stage
from tandem.vision.extract import extract


def main(params: TandemParams, corpus: str) -> None:
    prepared, out, store = Path(f"data/prepared/{corpus}.parquet"), Path(f"data/features/{corpus}"), Path("data/cache")
    pictures, train_ids = read_pictures(prepared), read_image_ids(prepared, "train")
    result = extract(pictures, out, params.vision, store / "features", train_ids)
    write_json(Path(f"metrics/features/{corpus}.json"), result["counts"])
    counts, run = result["counts"], result["run"]
    print(
        f"{corpus}: {counts['image_ids']} pictures, {counts['ok']} ok, {counts['missing']} missing, "
        f"{counts['broken']} broken; {run['computed']} computed, {run['from_store']} from earlier runs, "
        f"{run['seconds']:.0f} s"
    )
    if not counts["ok"]:
        print(no_pictures(params, corpus, counts), file=sys.stderr)


def no_pictures(params: TandemParams, corpus: str, counts: Mapping[str, int]) -> str:
    """The warning of a corpus that gives the encoder nothing, with what to set."""
    entry = params.corpus(corpus)
    parts = entry.parts if isinstance(entry, MergedCorpusParams) else [corpus]
    reads, key = ("captions", "captions") if params.vision.family == "caption" else ("pictures", "images")
    remedy = " and ".join(f"corpora.{part}.{key}" for part in parts)
    return (
        f"warning: {corpus}: no usable {reads} for vision.encoder {params.vision.encoder!r} ({counts['image_ids']} "
        f"image ids: {counts['missing']} missing, {counts['broken']} broken, {counts['too_large']} too large), so all "
        f"is trained and scored without pictures; set {remedy}"
    )


if __name__ == "__main__":
    run_stage(main, takes=["corpus"], description=__doc__)
