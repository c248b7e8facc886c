"""What the scene knows: runbooks for everyone, notes of one application, and a wiki that cannot be read any more."""

from __future__ import annotations

from datetime import timedelta

from knowledge import ingest
from knowledge.embeddings.local import DIMENSION, NAME
from knowledge.ingest import File
from knowledge.models import EmbeddingModel, Source
from tests.journeys.stage import Stage

MEMORY = """# Out of memory

## What you see

A worker ends with exit code 137 and the log says `OOMKilled`, in the middle of a line: no traceback, no goodbye.

## What to do

Look at what it used before it ended:

```
kubectl top pod storefront-7d9c --containers
```

- Raise the limit once, and write down why.
- Then find what grew: <b>a cache without a bound</b> is the usual one.
"""
DISCOUNTS = """# Discounts

Discounts are reckoned in `orders/discounts.py`. When totals are wrong after a release, empty the cache `rates`:
old rates live there for an hour.
"""
SPANISH = """# Sin memoria

El proceso termina con el código de salida 137: el núcleo lo ha matado porque pasó del límite de memoria. Suba el límite
y busque qué creció.
"""
LATIN = File("old/restore.txt", skipped="It is not written in UTF-8.")


def fill(stage: Stage) -> None:
    """Three sources as they are after a while."""
    storefront = stage.environments["storefront/production"].application_id
    billing = stage.environments["billing/production"].pk
    # Tests that commit empty every table, what a migration wrote among them.
    EmbeddingModel.objects.get_or_create(pk=1, defaults={"name": NAME, "kind": "local", "dimension": DIMENSION, "status": "active"})
    runbooks = _source("runbooks", "folder", location="/srv/runbooks")
    written = stage.before(days=90)
    told = [File("memory.md", MEMORY, written_at=written), File("es/memoria.md", SPANISH, written_at=written), LATIN]
    ingest.refresh(runbooks, told, "8ceb27" * 6)
    notes = _source("storefront-notes", "upload", scope=f"application/{storefront}")
    ingest.refresh(notes, [File("discounts.md", DISCOUNTS), File("memory.md", MEMORY)])
    wiki = _source("billing-wiki", "git", scope=f"environment/{billing}", location="https://git.example.org/wiki.git")
    ingest.refresh(wiki, [File("rates.md", "# Rates\n\nRates come from the bank every morning at six.\n")])
    old = {"status": "failed", "problem": "git.example.org did not answer in 300 seconds.", "refreshed_at": stage.before(days=9)}
    Source.objects.filter(pk=wiki.pk).update(**old)


def _source(name: str, kind: str, **values: str) -> Source:
    return Source.objects.create(name=name, kind=kind, refresh_every=timedelta(hours=6), **values)
