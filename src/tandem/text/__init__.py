"""Words to sub-words and back: normalisation, tokenisation by word, encoders, word vectors."""
