"""Pilots: announced with the visit, shown on the quay."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.test import TestCase
from django.utils import timezone

from logbook.models import Berth, Vessel, Visit


class PilotTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.berth = Berth.objects.create(name="7", length_m=100)
        cls.vessel = Vessel.objects.create(name="Alondra", kind="ferry", flag="Spain", length_m=90)
        cls.due = (timezone.now() + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)

    def test_the_quay_says_when_the_pilot_boards(self):
        boards = self.due - timedelta(minutes=45)
        Visit.objects.create(vessel=self.vessel, berth=self.berth, due_at=self.due, pilot_boards_at=boards)
        self.assertContains(self.client.get("/"), "Pilot boards 11:15")

    def test_a_visit_without_a_pilot_says_so(self):
        Visit.objects.create(vessel=self.vessel, berth=self.berth, due_at=self.due)
        self.assertContains(self.client.get("/"), "No pilot")

    def test_a_pilot_after_the_vessel_is_due_is_refused(self):
        visit = Visit(
            vessel=self.vessel, berth=self.berth, due_at=self.due, pilot_boards_at=self.due + timedelta(minutes=1)
        )
        with self.assertRaisesMessage(ValidationError, "before the vessel is due"):
            visit.full_clean()
