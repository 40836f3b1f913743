"""Posts out of files: JSONL, CSV, TSV, Parquet and plain text, row by row, whatever stands in them."""
