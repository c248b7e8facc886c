"""Images: the Dockerfile as text, names, registries, builders."""
