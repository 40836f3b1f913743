"""Train what a corpus's models are compared with, text_only on the same seeds: data/twins/<corpus>/<seed>."""

from pathlib import Path

from tandem.params import TandemParams
from tandem.stage import run_stage
from tandem.tasks import task_of
from tandem.training.twin import train_twins


def main(params: TandemParams, corpus: str) -> None:
    twins = train_twins(params, corpus, Path(f"data/twins/{corpus}"))
    title = task_of(params.corpus(corpus).task).title
    for seed, f1 in twins.trained.items():
        print(f"{corpus} seed {seed} without pictures: validation {title} {f1:.4f}")
    for seed in twins.kept:
        print(f"{corpus} seed {seed} without pictures: trained before")


if __name__ == "__main__":
    run_stage(main, takes=["corpus"], description=__doc__)
