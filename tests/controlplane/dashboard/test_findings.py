"""The findings page: what counts, what was suppressed and why, and taking that back."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from controlplane.core.models import AuditEntry
from tests.controlplane.dashboard.conftest import SignIn
from tests.journeys.scene import Scene
from workloads.models import Finding


def a_finding(scene: Scene) -> Finding:
    application = scene.environments["storefront/production"].application
    return Finding.objects.filter(application=application, suppressed_reason="").latest("pk")


def test_a_suppressed_finding_leaves_the_list_and_tells_why_among_the_suppressed(scene: Scene, as_: SignIn) -> None:
    finding, bob = a_finding(scene), as_("bob")
    back = "/findings/?severity=" + finding.severity
    address = reverse("finding-suppress", kwargs={"finding_id": finding.pk})
    answer = bob.post(address, {"reason": "Only in a test fixture", "days": "30", "back": back})
    assert (answer.status_code, answer["Location"]) == (303, back)
    row = f'id="finding-{finding.pk}"'
    assert row not in bob.get("/findings/").content.decode()
    shown = bob.get("/findings/?state=suppressed").content.decode()
    assert row in shown
    assert "Only in a test fixture" in shown
    assert "by bob" in shown
    finding.refresh_from_db()
    assert finding.suppressed_until is not None
    assert AuditEntry.objects.filter(action="finding.suppress", target_id=str(finding.pk), reason="Only in a test fixture").exists()


def test_a_finding_can_be_counted_again(scene: Scene, as_: SignIn) -> None:
    finding, bob = a_finding(scene), as_("bob")
    bob.post(reverse("finding-suppress", kwargs={"finding_id": finding.pk}), {"reason": "Not here", "days": ""})
    bob.post(reverse("finding-count-again", kwargs={"finding_id": finding.pk}), {"reason": "It is, after all"})
    finding.refresh_from_db()
    assert (finding.suppressed_reason, finding.suppressed_until) == ("", None)
    assert f'id="finding-{finding.pk}"' in bob.get("/findings/").content.decode()


def test_suppressing_needs_a_reason_and_the_right(scene: Scene, as_: SignIn) -> None:
    finding = a_finding(scene)
    address = reverse("finding-suppress", kwargs={"finding_id": finding.pk})
    assert as_("bob").post(address, {"reason": " "}).status_code == 400
    assert as_("alice").post(address, {"reason": "because"}).status_code == 403
    assert address not in as_("alice").get("/findings/").content.decode()


def test_the_way_back_leads_nowhere_else(scene: Scene, as_: SignIn) -> None:
    address = reverse("finding-suppress", kwargs={"finding_id": a_finding(scene).pk})
    answer = as_("bob").post(address, {"reason": "because", "back": "https://elsewhere.example/findings/"})
    assert answer["Location"] == "/findings/"
    again = as_("bob").post(address, {"reason": "because", "back": "/findings/?tool=ruff\r\nSet-Cookie: a=b"})
    assert (again.status_code, again["Location"]) == (303, "/findings/?tool=ruff%0D%0ASet-Cookie%3A+a%3Db")


def test_a_time_that_the_form_does_not_offer_is_refused_and_suppresses_nothing(scene: Scene, as_: SignIn) -> None:
    finding = a_finding(scene)
    address = reverse("finding-suppress", kwargs={"finding_id": finding.pk})
    for days in ("-5", "0", "soon", "99999999999"):
        assert as_("bob").post(address, {"reason": "because", "days": days}).status_code == 400
    finding.refresh_from_db()
    assert finding.suppressed_reason == ""


def test_the_worst_comes_first_and_each_severity_is_counted_and_linked(scene: Scene, as_: SignIn) -> None:
    page = as_("bob").get("/findings/").content.decode()
    shown = [int(part.split('"')[0]) for part in page.split('<tr id="finding-')[1:]]
    severities = [Finding.objects.get(pk=pk).severity for pk in shown]
    order = list(reversed(Finding.Severity.values))
    assert severities == sorted(severities, key=order.index)
    assert 'href="?severity=critical"' in page
    only = as_("bob").get("/findings/?severity=critical").content.decode()
    assert only.count('<tr id="finding-') == severities.count("critical") > 0


def test_what_was_fixed_is_shown_among_the_fixed_only(scene: Scene, as_: SignIn) -> None:
    finding = a_finding(scene)
    Finding.objects.filter(pk=finding.pk).update(fixed_at=timezone.now())
    row = f'id="finding-{finding.pk}"'
    assert row not in as_("bob").get("/findings/").content.decode()
    assert row in as_("bob").get("/findings/?state=fixed").content.decode()
    assert row in as_("bob").get("/findings/?state=all&rule=" + finding.rule).content.decode()


def test_the_pages_go_on_from_the_last_row_whatever_its_severity(scene: Scene, as_: SignIn) -> None:
    first = Finding.objects.filter(suppressed_reason="").order_by("-rank").first()
    assert first is not None
    rest = as_("bob").get(f"/findings/?before={first.rank}").content.decode()
    assert f'id="finding-{first.pk}"' not in rest
    assert rest.count('<tr id="finding-') == Finding.objects.filter(suppressed_reason="").count() - 1
