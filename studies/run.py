"""One step of a study, for the dvc.yaml of the folder it is run in: python ../run.py train film twitter2017 1"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tandem.files import write_text
from tandem.studies.driver import Driver
from tandem.studies.table import left_out, markdown, reported, table, transfer_table

ROOT = Path(__file__).resolve().parents[1]
STEPS = {
    "link": ["corpus"],
    "prepare": ["corpus"],
    "resolve": ["system"],
    "train": ["system", "corpus", "seed"],
    "evaluate": ["system", "corpus"],
    "transfer": ["system", "source", "target"],
    "table": [],
}


def write_table(driver: Driver) -> None:
    """Write table.csv, reported.csv and table.md of what has been scored."""
    study, folder, root = driver.study(), driver.folder, driver.root
    frame, beside = table(study, folder, root), reported(study, folder, root)
    literature, transfers = root / "studies/literature.yaml", transfer_table(study, folder)
    absent = left_out(study, folder, root)
    page = markdown(study, frame, beside=beside, literature=literature, transfers=transfers, absent=absent)
    for name, rows in (("table", frame), ("reported", beside)):
        write_text(folder / f"{name}.csv", rows.to_csv(index=False, float_format="%.6f", lineterminator="\n"))
    write_text(folder / "table.md", page)
    print(page)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    for name, takes in STEPS.items():
        step = steps.add_parser(name)
        for argument in takes:
            step.add_argument(argument)
    arguments = vars(parser.parse_args())
    name = arguments.pop("step")
    driver = Driver(ROOT, Path.cwd())
    try:
        if name == "table":
            write_table(driver)
        elif name in ("link", "prepare"):
            driver.corpus(name, **arguments)
        else:
            getattr(driver, name)(**arguments)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
