"""An auditor and an administrator at work in a real browser; axe-core finds nothing wrong with the administration's pages."""

from __future__ import annotations

import json
from pathlib import Path

from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from controlplane.core import verification
from controlplane.core.models import AuditEntry, RoleBinding
from tests.journeys.conftest import Server, aside, sign_in
from tests.journeys.scene import Scene
from tests.journeys.test_accessibility import both

HEADING_OF_DJANGO = "th.original"  # the empty corner of Django's own tables of rows


def test_the_audit_is_searched_opened_proved_and_taken_away(page: Page, scene: Scene) -> None:
    sign_in(page, "ada", "/audit/")
    page.get_by_label("Did, such as change.approve").fill("run.start")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("tbody tr").first).to_contain_text("run.start")
    with page.expect_download() as taken:
        page.get_by_role("link", name="JSON").click()
    lines = Path(taken.value.path()).read_text().splitlines()
    assert {json.loads(line)["action"] for line in lines} == {"run.start"}
    page.locator("tbody a").first.click()
    expect(page.get_by_text("run.start").first).to_be_visible()
    page.goto("/audit/")
    page.get_by_role("button", name="Verify now").click()
    expect(page.locator("#proof")).to_contain_text("asked by ada")
    aside(prove)
    expect(page.locator("#proof")).to_contain_text("entries proved", timeout=10_000)


def prove() -> None:
    """What a worker does when it is asked to."""
    waiting = verification.latest()
    assert waiting is not None
    verification.run(waiting.pk)


def test_a_role_is_given_in_the_administration(page: Page, scene: Scene) -> None:
    sign_in(page, "ada", "/")
    page.get_by_role("link", name="Administration").click()
    page.get_by_role("link", name="Role bindings").first.click()
    page.goto(reverse("admin:core_rolebinding_add"))
    page.locator("[name=user]").fill(str(scene.people["mallory"].pk))
    page.locator("[name=role]").select_option("viewer")
    page.locator("[name=scope]").fill("everything")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".errorlist").last).to_contain_text("environment/<id>")
    page.locator("[name=scope]").fill("*")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("mallory")
    assert aside(lambda: RoleBinding.objects.filter(user__username="mallory", role="viewer").count()) == 1
    assert aside(lambda: AuditEntry.objects.filter(action="rolebinding.create", actor_label="ada").count()) == 1


def test_a_record_is_read_and_not_written(page: Page, scene: Scene) -> None:
    sign_in(page, "ada", reverse("admin:agents_run_change", args=[scene.runs["stopped"].pk]))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.locator("#content input:not([type=hidden]), #content textarea, #content select").count() == 0
    expect(page.get_by_role("button", name="Save", exact=True)).to_have_count(0)
    expect(page.get_by_role("link", name="Delete")).to_have_count(0)


def test_axe_finds_nothing_wrong_with_the_administration_light_or_dark(browser: Browser, server: Server, scene: Scene) -> None:
    context = browser.new_context(base_url=server.url, color_scheme="light", reduced_motion="reduce")
    page, wrong = context.new_page(), []
    sign_in(page, "ada", "/")
    for address in aside(administration, scene):
        page.goto(address)
        wrong += both(page, address, {"exclude": [[HEADING_OF_DJANGO]]})
    context.close()
    assert not wrong, "\n".join(wrong)


def administration(scene: Scene) -> list[str]:
    """A page of each kind: the first, lists, records, forms, a schedule."""
    production = scene.environments["storefront/production"]
    places = [reverse(f"admin:{name}") for name in ("index", "core_rolebinding_changelist", "core_rolebinding_add")]
    places += [reverse("admin:agents_run_changelist"), reverse("admin:agents_run_change", args=[scene.runs["stopped"].pk])]
    places += [reverse("admin:workloads_environment_change", args=[production.pk])]
    return [*places, reverse("admin:core_user_changelist"), reverse("admin:django_celery_beat_periodictask_changelist")]
