"""The page and the JSON interface of `tandem serve`."""
