"""Forges are told how runs stand: a row a commit and context holds what is wanted and what was told.

Only the newest state is told, so states never overtake each other, and a forge that was away for an hour hears how it ended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from controlplane.core import connections, queue
from controlplane.core.errors import TimonelError
from controlplane.core.redaction import redact
from workloads.adapters import github, gitlab
from workloads.adapters.forge import Forge, ForgeError
from workloads.hooks.news import News
from workloads.models import Environment, ForgeStatus, WebhookSource
from workloads.telling import Saying, Told

Kind, State = ForgeStatus.Kind, ForgeStatus.State
REPOSITORY = re.compile(r"(?!.*(?:^|/)\.{1,2}(?:/|$))[A-Za-z0-9_.-]{1,100}(?:/[A-Za-z0-9_.-]{1,100}){1,10}")
LEASE = timedelta(minutes=2)  # longer than telling takes
FIRST_RETRY, LONGEST_RETRY = 5.0, 900.0  # seconds
MOST_ATTEMPTS = 40  # some nine hours


@dataclass(frozen=True, slots=True)
class Way:
    """How a kind of forge is told."""

    forge: Callable[[str, str, bool], Forge]
    tell: Mapping[str, Callable[[Forge, Saying], Told]]


WAYS = {
    "github": Way(github.forge, {Kind.COMMIT: github.tell_commit, Kind.DEPLOYMENT: github.tell_deployment}),
    "gitlab": Way(gitlab.forge, {Kind.COMMIT: gitlab.tell_commit, Kind.DEPLOYMENT: gitlab.tell_deployment}),
}


def want(source: WebhookSource, news: News, environment: Environment, run: int) -> None:
    """Have the forge told how this run of the commit stands, from now to its end; nothing where no token was given."""
    if source.kind not in WAYS or not source.api_token or not REPOSITORY.fullmatch(news.repository):
        return
    for kind in Kind:
        row, made = ForgeStatus.objects.get_or_create(
            source=source,
            kind=kind,
            repository=news.repository,
            commit=news.commit,
            context=context_of(environment),
            defaults={"run_number": run, "state": State.PENDING, "ref": news.ref, "tag": news.tag, "next_at": timezone.now()},
        )
        if not made:
            again = {"run_number": run, "settled": False, "attempts": 0, "problem": "", "next_at": Now()}
            ForgeStatus.objects.filter(pk=row.pk).update(wanted=models.F("wanted") + 1, **again)


def context_of(environment: Environment) -> str:
    """The name under which a forge shows it."""
    return f"timonel/{environment}"


def say(row: ForgeStatus, state: str, description: str, *, settled: bool) -> None:
    """What is to be told now; the same again is no news."""
    text = redact(description)[:200]
    if (row.state, row.description, row.settled) == (state, text, settled):
        return
    changes = {"state": state, "description": text, "settled": settled, "attempts": 0, "problem": "", "next_at": Now()}
    ForgeStatus.objects.filter(pk=row.pk).update(wanted=models.F("wanted") + 1, **changes)


def send_due(limit: int = 100) -> int:
    """Have every row told whose time has come; return how many. Each is taken for a while, so that it is told by one."""
    due = list(ForgeStatus.objects.filter(next_at__lte=Now()).order_by("next_at").values_list("pk", flat=True)[:limit])
    sent = 0
    for pk in due:
        with transaction.atomic():
            if ForgeStatus.objects.filter(pk=pk, next_at__lte=Now()).update(next_at=Now() + LEASE):
                queue.enqueue("agents.tell_forge", pk)
                sent += 1
    return sent


def tell(pk: int) -> None:
    """Tell the forge what is wanted now. What became wanted meanwhile is told next."""
    row = ForgeStatus.objects.select_related("source").filter(pk=pk, next_at__isnull=False).first()
    if row is None:
        return
    if row.told >= row.wanted:
        ForgeStatus.objects.filter(pk=pk, wanted=row.wanted).update(next_at=None)
        return
    way, source, saying = WAYS[row.source.kind], row.source, saying_of(row)
    connections.give_back()
    try:
        told = way.tell[row.kind](way.forge(source.api_url, source.api_token or "", source.private), saying)
    except TimonelError as error:
        _failed(row, error)
    else:
        _told(row, told)


def saying_of(row: ForgeStatus) -> Saying:
    """The row in the words of the adapters."""
    return Saying(
        repository=row.repository,
        commit=row.commit,
        context=row.context,
        environment=row.context.removeprefix("timonel/"),
        state=row.state,
        description=row.description,
        link=f"{settings.PUBLIC_URL}/runs/{row.run_number}/",
        ref=row.ref,
        tag=row.tag,
        remote=row.remote_id,
    )


def _told(row: ForgeStatus, told: Told) -> None:
    moved = f"The repository has moved; it was told at its new place, {told.moved}." if told.moved else ""
    kept = {"told": row.wanted, "told_at": Now(), "attempts": 0, "problem": "", "note": redact(f"{moved} {told.note}").strip()}
    rows = ForgeStatus.objects.filter(pk=row.pk, told__lt=row.wanted)
    rows.update(**kept, **({"remote_id": told.remote[:64]} if told.remote else {}))
    again = models.Case(models.When(wanted__gt=row.wanted, then=Now()), default=None)
    ForgeStatus.objects.filter(pk=row.pk).update(next_at=again)


def _failed(row: ForgeStatus, error: TimonelError) -> None:
    """Tried again later where that may help; otherwise when there is news, or somebody handles the delivery again."""
    attempts = row.attempts + 1
    wait = error.again if isinstance(error, ForgeError) else 0.0
    later = None
    if wait is not None and attempts < MOST_ATTEMPTS:
        later = timezone.now() + timedelta(seconds=max(wait, min(FIRST_RETRY * 2 ** min(attempts - 1, 10), LONGEST_RETRY)))
    newer = models.Case(models.When(wanted__gt=row.wanted, then=Now()), default=models.Value(later))
    ForgeStatus.objects.filter(pk=row.pk).update(attempts=attempts, problem=str(error), next_at=newer)


def of_runs(source: WebhookSource, runs: Sequence[int]) -> list[ForgeStatus]:
    """What the source's forge was told of these runs."""
    return list(ForgeStatus.objects.filter(source=source, run_number__in=runs)) if runs else []
