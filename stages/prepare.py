"""Read a corpus: raw files to data/prepared/<corpus>.parquet and metrics/data/<corpus>.json."""

import sys
from pathlib import Path

from tandem.corpora.prepare import prepare
from tandem.files import write_json
from tandem.params import TandemParams
from tandem.stage import run_stage


def main(params: TandemParams, corpus: str) -> None:
    prepared = prepare(params, corpus)
    prepared.table.write(Path(f"data/prepared/{corpus}.parquet"))
    report = prepared.report
    write_json(Path(f"metrics/data/{corpus}.json"), report)
    print(f"{corpus}: {len(prepared.table.rows)} {prepared.table.unit}; release: {report['release']}")
    for warning in report["warnings"]:
        print(f"warning: {corpus}: {warning}", file=sys.stderr)


if __name__ == "__main__":
    run_stage(main, takes=["corpus"], description=__doc__)
