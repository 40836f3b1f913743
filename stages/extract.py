"""extract CORPUS: data/prepared/<corpus>.parquet and its pictures -> data/features/<corpus>/, metrics/features/."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import pandas as pd

from tandem.files import write_json
from tandem.params import load_params
from tandem.vision.extract import extract


def main(corpus: str) -> None:
    """Extract the pictures of one corpus."""
    params = load_params(Path("params.yaml")).vision
    prepared = Path("data/prepared") / f"{corpus}.parquet"
    samples = pd.read_parquet(prepared, columns=["image_id", "image_path", "image_hash", "caption"])
    result = extract(
        samples.dropna(subset="image_id").drop_duplicates("image_id"),
        Path("data/features") / corpus,
        params,
        Path("data/cache/features"),
        progress=sys.stderr.isatty(),
    )
    write_json(Path("metrics/features") / f"{corpus}.json", result["counts"])
    print(f"{corpus}: {result['counts']} {result['run']}")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", help="a name under `corpora` in params.yaml")
    try:
        main(parser.parse_args().corpus)
    except (ValueError, OSError) as error:
        sys.exit(f"extract: {error}")
