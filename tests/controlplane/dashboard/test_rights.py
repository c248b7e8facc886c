"""What pages tell of what may not be seen: nothing. Who may open what is in the role matrix."""

from __future__ import annotations

import pytest

from tests.controlplane.dashboard.conftest import SignIn
from tests.journeys.scene import Scene


@pytest.mark.parametrize("place", ["/", "/runs/", "/deployments/", "/incidents/", "/findings/", "/inbox/", "/search/?q=storefront"])
def test_lists_show_nothing_of_what_the_person_may_not_see(place: str, as_: SignIn) -> None:
    for person in ("mallory", "carol"):
        shown = as_(person).get(place).content.decode()
        for secret in ("storefront/production", "billing/production", "storefront/staging", "Roll out v2"):
            assert secret not in shown


def test_an_unknown_thing_and_a_forbidden_one_answer_alike(scene: Scene, as_: SignIn) -> None:
    forbidden = as_("mallory").get(f"/runs/{scene.runs['waiting'].pk}/").content.decode()
    unknown = as_("mallory").get("/runs/999999/").content.decode()
    assert ("may not see it" in forbidden) and ("may not see it" in unknown)
