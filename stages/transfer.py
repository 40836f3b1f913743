"""Score a source corpus's models on a target's test split: metrics/transfer/<source>-<target>.json."""

import json
from pathlib import Path

from tandem.files import write_json
from tandem.inference.transfer import transfer
from tandem.params import TandemParams
from tandem.stage import run_stage


def main(params: TandemParams, source: str, target: str) -> None:
    own = {name: json.loads(Path(f"metrics/evaluate/{name}.json").read_text()) for name in (source, target)}
    scores, said = transfer(source, target, params, own)
    write_json(Path(f"metrics/transfer/{source}-{target}.json"), scores)
    print(f"{source} -> {target}: {said}")


if __name__ == "__main__":
    run_stage(main, takes=["source", "target"], description=__doc__)
