"""One page and the tables out of all results: report/ and plots/*.csv."""

from tandem.params import TandemParams
from tandem.reporting.loading import load_results
from tandem.reporting.report import write_report
from tandem.stage import run_stage


def main(params: TandemParams) -> None:
    results = load_results(
        fusion=params.fusion,
        decoder=params.decoder,
        relation=params.relation,
        datasets=params.datasets,
        seeds=params.seeds,
        encoder=params.vision.encoder,
        max_pixels=params.vision.max_pixels,
    )
    written = write_report(results)
    print(f"report: {written[0]}" + (f" ({len(results.missing)} results missing)" if results.missing else ""))


if __name__ == "__main__":
    run_stage(main, description=__doc__)
