"""Which rules a delivery meets, and what follows; said in sentences, also where nothing follows.

Rules are read in order. Each environment takes the first rule that matches; one that only notes ends the reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workloads.grouping.causes import namespace_of
from workloads.hooks import globs
from workloads.hooks.news import Alert, News

DEPLOY, INCIDENT, NOTE, NOTHING = "deploy", "incident", "note", "nothing"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as far as matching needs it."""

    number: int
    label: str
    event: str
    effect: str
    environment: int | None = None
    refs: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()  # of alerts; those that name none are of any


@dataclass(frozen=True, slots=True)
class Follows:
    """What follows from one rule: an effect, where, and why. `alerts` are those an incident rule is about."""

    effect: str
    said: str
    rule: int | None = None
    environment: int | None = None
    alerts: tuple[Alert, ...] = ()


def decide(news: News, rules: Iterable[Rule], repository: str = "") -> list[Follows]:
    """What follows from a delivery. `repository`: the only one this source speaks for, where it is known."""
    if not speaks_for(news, repository):
        return [Follows(NOTHING, f"It is about {news.repository[:100]}, and this source speaks for {repository} only.")]
    return list(_read(news, rules)) or [Follows(NOTHING, "There is no rule to read.")]


def speaks_for(news: News, repository: str) -> bool:
    """Whether a source that is bound to this repository (none: to no one) may tell this news."""
    return not (repository and news.repository) or news.repository.lower() == repository.lower()


def _read(news: News, rules: Iterable[Rule]) -> Iterator[Follows]:
    taken: set[int | None] = set()
    for rule in rules:
        reason = why_not(rule, news)
        if reason:
            yield Follows(NOTHING, f"{rule.label}: {reason}", rule.number, rule.environment)
        elif rule.effect == NOTE:
            yield Follows(NOTE, f"{rule.label}: only noted; no further rule is read.", rule.number)
            return
        elif rule.environment in taken:
            yield Follows(NOTHING, f"{rule.label}: an earlier rule speaks for this environment.", rule.number, rule.environment)
        else:
            taken.add(rule.environment)
            yield _follows(rule, news)


def why_not(rule: Rule, news: News) -> str:
    """Why a rule is not met, or nothing."""
    if rule.event != news.event:
        return f"it is for '{rule.event}', this is '{news.event}'."
    if rule.event == "alert":
        return "" if _alerts(rule, news) else _why_no_alert(rule)
    if rule.refs and not globs.matches(rule.refs, news.ref):
        return f"{news.ref or 'nothing'} is not {_words(rule.refs)}."
    return _why_no_path(rule, news)


def _why_no_path(rule: Rule, news: News) -> str:
    """A list of files that is not whole excludes nothing: what is not known may be what the rule is for."""
    if not (rule.include or rule.exclude) or not news.paths_known:
        return ""
    counting = [path for path in news.paths if not globs.matches(rule.exclude, path)]
    if any(not rule.include or globs.matches(rule.include, path) for path in counting):
        return ""
    return f"none of the {len(news.paths)} changed files is one that counts."


def _follows(rule: Rule, news: News) -> Follows:
    if rule.effect == INCIDENT:
        met = _alerts(rule, news)
        return Follows(INCIDENT, f"{rule.label}: {_how_many(rule, met, news)}", rule.number, rule.environment, met)
    if news.obstacle:
        return Follows(NOTHING, f"{rule.label}: met, but nothing is deployed. {news.obstacle}", rule.number, rule.environment)
    unknown = bool(rule.include or rule.exclude) and not news.paths_known
    said = "met; the list of changed files is not whole, so it may concern it." if unknown else "met."
    return Follows(DEPLOY, f"{rule.label}: {said}", rule.number, rule.environment)


def _alerts(rule: Rule, news: News) -> tuple[Alert, ...]:
    """Those of its names, and of its namespaces as far as they name one. A storm has few names: each is looked at once."""
    met: dict[tuple[str, str], bool] = {}
    found = []
    for alert in news.alerts:
        place = namespace_of(dict(alert.labels))
        key = (alert.name, place)
        if key not in met:
            named = not rule.refs or globs.matches(rule.refs, alert.name)
            met[key] = named and (not (rule.namespaces and place) or globs.matches(rule.namespaces, place))
        if met[key]:
            found.append(alert)
    return tuple(found)


def _why_no_alert(rule: Rule) -> str:
    where = f" in a namespace that is {_words(rule.namespaces)}" if rule.namespaces else ""
    return f"none of its alerts is {_words(rule.refs)}{where}."


def _how_many(rule: Rule, met: tuple[Alert, ...], news: News) -> str:
    said = "met." if len(met) == len(news.alerts) else f"met by {len(met)} of its {len(news.alerts)} alerts."
    if news.left_out:
        said += f" Its sender left out {news.left_out} more: max_alerts of its receiver is too small."
    return said


def _words(patterns: tuple[str, ...]) -> str:
    return " or ".join(patterns) or "any"
