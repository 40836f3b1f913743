"""Tables of the published reports as pipelines: a matrix of systems, corpora and seeds, and what came out of it."""
