"""Raw files to samples: readers, labels, links, and the embedded corpora."""
