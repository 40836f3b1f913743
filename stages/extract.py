"""Every distinct picture once through the frozen encoder: data/features/<corpus>, counts in metrics/features."""

from pathlib import Path

from tandem.corpora.schema import read_pictures
from tandem.files import write_json
from tandem.params import TandemParams
from tandem.stage import run_stage
from tandem.vision.extract import extract


def main(params: TandemParams, corpus: str) -> None:
    pictures = read_pictures(Path(f"data/prepared/{corpus}.parquet"))
    result = extract(pictures, Path(f"data/features/{corpus}"), params.vision, Path("data/cache/features"))
    write_json(Path(f"metrics/features/{corpus}.json"), result["counts"])
    counts, run = result["counts"], result["run"]
    print(
        f"{corpus}: {counts['image_ids']} pictures, {counts['ok']} ok, {counts['missing']} missing, "
        f"{counts['broken']} broken; {run['computed']} computed, {run['from_store']} from earlier runs, "
        f"{run['seconds']:.0f} s"
    )


if __name__ == "__main__":
    run_stage(main, takes=["corpus"], description=__doc__)
