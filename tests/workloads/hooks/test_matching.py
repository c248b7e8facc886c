"""Rules: patterns, order, monorepos; and a sentence where nothing follows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workloads.hooks import globs
from workloads.hooks.matching import DEPLOY, INCIDENT, NOTE, NOTHING, Rule, decide
from workloads.hooks.news import Alert, News

PUSH = News("push", "harbour/shop", "main", commit="a" * 40, paths=("shop/views.py", "README.md"), paths_known=True)
RULE = Rule(1, "Rule 10", "push", DEPLOY, 7)


@pytest.mark.parametrize(
    ("pattern", "name", "whether"),
    [
        ("main", "main", True),
        ("main", "Main", False),
        ("main", "main2", False),
        ("release/*", "release/1", True),
        ("release/*", "release/1/2", False),
        ("release/**", "release/1/2", True),
        ("**", "a/b", True),
        ("*", "a/b", False),
        ("**/*.md", "README.md", True),
        ("**/*.md", "docs/a/b.md", True),
        ("shop/**", "shop/a/b.py", True),
        ("shop/**", "shopping/a.py", False),
        ("shop/**/tests/*.py", "shop/tests/a.py", True),
        ("v?.?", "v1.2", True),
        ("v?.?", "v1/2", False),
        ("v1.0", "v1x0", False),
        ("[a]", "a", False),
        ("main, v*", "v2", True),
        ("a+b", "a+b", True),
    ],
)
def test_a_pattern_is_of_these_names(pattern: str, name: str, whether: bool) -> None:
    assert globs.matches(globs.split(pattern), name) is whether


def test_no_pattern_takes_long_whatever_the_name() -> None:
    """A regular expression would not come back: this test ends by the time limit of all tests."""
    assert not globs.matches(("*a" * 60, "**a" * 60, "**/a" * 40), "a" * 500 + "b")
    assert globs.matches(("*a" * 60,), "a" * 500)


def test_a_rule_that_is_met_deploys() -> None:
    assert [(found.effect, found.environment) for found in decide(PUSH, [RULE])] == [(DEPLOY, 7)]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (replace(RULE, event="tag"), "it is for 'tag'"),
        (replace(RULE, refs=("release/*", "v*")), "main is not release/* or v*"),
        (replace(RULE, include=("bank/**",)), "none of the 2 changed files"),
        (replace(RULE, exclude=("**",)), "none of the 2 changed files"),
        (replace(RULE, include=("**/*.md",), exclude=("README.md",)), "none of the 2 changed files"),
    ],
)
def test_a_rule_that_is_not_met_says_why(rule: Rule, words: str) -> None:
    (found,) = decide(PUSH, [rule])
    assert found.effect == NOTHING
    assert words in found.said


def test_files_that_are_not_all_known_may_be_those_of_the_rule() -> None:
    (found,) = decide(replace(PUSH, paths_known=False), [replace(RULE, include=("bank/**",))])
    assert found.effect == DEPLOY
    assert "not whole" in found.said


def test_in_a_repository_of_several_each_application_takes_its_own_files() -> None:
    rules = [replace(RULE, number=n, environment=n, include=(f"{name}/**",)) for n, name in ((1, "shop"), (2, "bank"))]
    assert [found.effect for found in decide(PUSH, rules)] == [DEPLOY, NOTHING]


def test_each_environment_takes_the_first_rule_that_is_met() -> None:
    rules = [RULE, replace(RULE, number=2), replace(RULE, number=3, environment=8)]
    assert [(found.effect, found.rule) for found in decide(PUSH, rules)] == [(DEPLOY, 1), (NOTHING, 2), (DEPLOY, 3)]


def test_a_rule_that_only_notes_ends_the_reading() -> None:
    rules = [Rule(1, "Rule 1", "push", NOTE, include=("shop/**",)), RULE]
    assert [found.effect for found in decide(PUSH, rules)] == [NOTE]
    rules = [Rule(1, "Rule 1", "push", NOTE, include=("docs/**",)), RULE]
    assert [found.effect for found in decide(PUSH, rules)] == [NOTHING, DEPLOY]


def test_what_stands_in_the_way_is_said_and_nothing_deploys() -> None:
    (found,) = decide(replace(PUSH, obstacle="The branch was deleted."), [RULE])
    assert (found.effect, "The branch was deleted." in found.said) == (NOTHING, True)


def test_another_repository_than_the_sources_does_nothing() -> None:
    assert decide(PUSH, [RULE], "Harbour/Shop")[0].effect == DEPLOY
    assert decide(PUSH, [RULE], "harbour/bank")[0].effect == NOTHING


def test_without_rules_it_is_said_that_there_are_none() -> None:
    assert decide(PUSH, [])[0].said == "There is no rule to read."


def test_a_rule_of_alerts_takes_those_it_names() -> None:
    alerts = tuple(Alert(name.lower(), True, name, name) for name in ("SlowPages", "DiskFull"))
    news = News("alert", alerts=alerts)
    (found,) = decide(news, [Rule(1, "Rule 1", "alert", INCIDENT, 7, ("Slow*",))])
    assert (found.effect, [alert.name for alert in found.alerts]) == (INCIDENT, ["SlowPages"])
    (found,) = decide(news, [Rule(1, "Rule 1", "alert", INCIDENT, 7, ("Hot*",))])
    assert (found.effect, "none of its alerts is Hot*" in found.said) == (NOTHING, True)
