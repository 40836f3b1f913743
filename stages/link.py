"""Link a corpus from wherever it lies to data/links, where the pipeline reads it."""

from tandem.corpora.links import link_corpus
from tandem.stage import run_stage

if __name__ == "__main__":
    run_stage(link_corpus, takes=["corpus"], description=__doc__)
