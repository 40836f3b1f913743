"""Write the embedded corpora to data/embedded, and the scores that can be reached on them to metrics."""

from pathlib import Path

from tandem.corpora.embedded.generate import generate, scores_only
from tandem.files import digest_of, write_json
from tandem.params import TandemParams
from tandem.stage import run_stage


def main(params: TandemParams) -> None:
    ceilings = generate(Path("data/embedded"), params.embedded)
    write_json(Path("data/embedded.json"), digest_of(Path("data/embedded")))
    write_json(Path("metrics/ceiling.json"), scores_only(ceilings))
    for corpus, ceiling in ceilings.items():
        print(f"{corpus}: F1 of at most {ceiling['text_only']['expected_f1']:.3f} can be reached without pictures")


if __name__ == "__main__":
    run_stage(main, description=__doc__)
