"""Look at a corpus: data/prepared/<corpus>.parquet to tables and plots in plots/explore/<corpus>."""

from pathlib import Path

from tandem.params import TandemParams
from tandem.reporting.explore.corpus import explore
from tandem.stage import run_stage


def main(params: TandemParams, corpus: str) -> None:
    task = params.corpus(corpus).task
    written = explore(
        Path(f"data/prepared/{corpus}.parquet"),
        Path(f"plots/explore/{corpus}"),
        task,
        max_pixels=params.vision.max_pixels,
    )
    print(f"{corpus}: {len(written)} files in {written[0].parent}")


if __name__ == "__main__":
    run_stage(main, takes=["corpus"], description=__doc__)
