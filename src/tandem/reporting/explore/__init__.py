"""The data analysis of a corpus: small tables out of the prepared one, and a picture of each."""
