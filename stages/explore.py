"""Look at a corpus: data/prepared/<corpus>.parquet to tables and plots in plots/explore/<corpus>."""

from pathlib import Path

from tandem.params import TandemParams
from tandem.reporting.explore import explore
from tandem.stage import run_stage


def main(params: TandemParams, corpus: str) -> None:
    params.corpus(corpus)  # an unknown name is an error that suggests the nearest
    written = explore(Path(f"data/prepared/{corpus}.parquet"), Path(f"plots/explore/{corpus}"))
    print(f"{corpus}: {len(written)} files in {written[0].parent}")


if __name__ == "__main__":
    run_stage(main, takes=["corpus"], description=__doc__)
