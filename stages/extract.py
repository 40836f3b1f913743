"""Every distinct picture once through the frozen encoder: data/features/<corpus>, counts in metrics/features."""

import sys
from pathlib import Path

from tandem.corpora.schema import read_image_ids, read_pictures
from tandem.files import write_json
from tandem.params import TandemParams
from tandem.stage import run_stage
from tandem.vision.extract import extract
from tandem.vision.shortage import no_pictures


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


if __name__ == "__main__":
    run_stage(main, takes=["corpus"], description=__doc__)
