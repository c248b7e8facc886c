"""The pages: each asks for what it shows and renders it; the rights lie in the reads and use cases."""
