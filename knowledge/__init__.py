"""What we know: documents and the passages a search returns. For now the corpus only; the search comes with its own issue."""
