"""Ask a chat model about a corpus's test split: metrics/prompted/<corpus>.json and data/prompted/<corpus>.parquet."""

from pathlib import Path

from tandem.files import write_json
from tandem.params import TandemParams
from tandem.prompted.answers import store_path
from tandem.prompted.run import prompt_corpus
from tandem.prompted.tasks import PromptedEntities, PromptedRelations
from tandem.stage import run_stage


def main(params: TandemParams, corpus: str) -> None:
    metrics = prompt_corpus(corpus, params, store=store_path(), table=Path(f"data/prompted/{corpus}.parquet"))
    write_json(Path(f"metrics/prompted/{corpus}.json"), metrics)
    task = PromptedRelations if metrics.get("task") == "re" else PromptedEntities
    refused = sum(count for reasons in metrics["refused"].values() for count in reasons.values())
    print(
        f"{corpus}: test {task.title} {metrics[task.headline]['f1']:.4f} by {metrics['model']}; {metrics['requests']} "
        f"requests, {metrics['answers_from_cache']} answers from earlier runs, {refused} refused, "
        f"cost {metrics['cost']:.4f}"
    )


if __name__ == "__main__":
    run_stage(main, takes=["corpus"], description=__doc__)
