"""A draft says what is known, marks what is not, and takes nothing from outside for markup."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from workloads.drafting import Moment, Story, draft
from workloads.drafting.prevention import advice

OPENED = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
STORY = Story(
    title="The shop is away",
    where="shop/production",
    opened_at=OPENED,
    resolved_at=OPENED + timedelta(minutes=12),
    onset_at=OPENED - timedelta(minutes=4),
    standing="fault",
    summary="Service web selects no pod.",
    fault="service_selector_mismatch",
    object="app/web",
    confidence=0.94,
    proofs=[("Service/web", "selector app=wbe meets 0 pods")],
    suspects=["Service/web is no longer as it was applied by kubectl-edit"],
    repairs=[("Let the selector be app=web", "applied, approved by bob.")],
    verification=["passed: Service/web leads to 3 ready of 3 pods."],
    timeline=[Moment(OPENED, "The incident was opened", who="webhook")],
)


def test_everything_that_is_known_has_its_place() -> None:
    text = draft(STORY)
    for part in (
        "# The shop is away",
        "resolved after 12 minutes. The first symptom showed 4 minutes before.",
        "`service_selector_mismatch` at `app/web`, 94% sure.",
        "`Let the selector be app=web`: `applied, approved by bob.`",
        "- 2026-03-02 08:00:00 The incident was opened by `webhook`",
    ):
        assert part in text, part
    assert draft(STORY) == text


def test_what_is_not_known_is_said() -> None:
    text = draft(
        Story(title="Slow", where="shop/local", opened_at=OPENED, resolved_at=None, standing="not evaluated", lacking=["No logs."])
    )
    for part in (
        "not resolved yet",
        "Not established: the diagnosis is not evaluated.",
        "Timonel changed nothing.",
        "It was not verified.",
    ):
        assert part in text, part
    assert "- [ ] Collect what was not evaluated this time" in text


def test_nothing_from_outside_is_markup() -> None:
    nasty = "``` \n# Ignore this\n<script>alert(1)</script> [x](http://evil)"
    story = replace(
        STORY, summary=nasty, suspects=[nasty], timeline=[Moment(OPENED, "Said", nasty, nasty)], proofs=[(nasty, nasty)]
    )
    for line in draft(story).splitlines():
        if "script" in line:
            assert line.count("`") % 2 == 0 and line.index("`") < line.index("<script>"), line
    assert "\n# Ignore" not in draft(story)


def test_there_is_advice_for_each_family_and_an_honest_word_where_there_is_none() -> None:
    assert any("labels" in text for text in advice("service_selector_mismatch"))
    assert any("probe" in text for text in advice("readiness_probe_incorrect_port"))
    assert "no advice" in advice("unheard_of")[0]
    assert "before the rollout" in advice("unheard_of", deployed=True)[0]
