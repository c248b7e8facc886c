"""The pages as a visitor sees them."""

from datetime import timedelta
from io import StringIO

from django.core.management import call_command
from django.test import TestCase
from django.utils import timezone

from logbook.models import Berth, Vessel, Visit


class PageTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        call_command("open_harbour", stdout=StringIO())

    def test_the_quay_shows_who_lies_where_and_who_is_due(self):
        answer = self.client.get("/")
        self.assertContains(answer, "Santa Aurelia")
        self.assertContains(answer, "Boreal Trader")
        self.assertContains(answer, "9.5 m deep")

    def test_the_number_of_queries_does_not_grow_with_berths_and_visits(self):
        with self.assertNumQueries(5):
            self.client.get("/")
        berth = Berth.objects.create(name="9", length_m=400)
        for vessel in Vessel.objects.all():
            Visit.objects.create(vessel=vessel, berth=berth, due_at=timezone.now())
        with self.assertNumQueries(5):
            self.client.get("/")

    def test_vessels_are_listed_with_their_visits(self):
        self.assertContains(self.client.get("/vessels/"), "Estrella Polar")

    def test_an_announced_visit_is_expected(self):
        vessel, berth = Vessel.objects.get(name="Petit Mistral"), Berth.objects.get(name="1")
        due = timezone.now() + timedelta(hours=3)
        form = {"vessel": vessel.pk, "berth": berth.pk, "due_at": due.strftime("%Y-%m-%dT%H:%M"), "cargo": "rope"}
        self.assertContains(
            self.client.post("/visits/announce/", form, follow=True), "Petit Mistral is expected at berth 1."
        )
        self.assertTrue(Visit.objects.expected().filter(vessel=vessel, cargo="rope").exists())

    def test_a_visit_to_a_berth_too_short_is_sent_back_with_the_reason(self):
        vessel, berth = Vessel.objects.get(name="Kaiyo Maru"), Berth.objects.get(name="1")
        form = {"vessel": vessel.pk, "berth": berth.pk, "due_at": "2030-01-01T10:00"}
        self.assertContains(self.client.post("/visits/announce/", form), "176 m long; berth 1 has 60 m of quay")

    def test_opening_the_harbour_twice_adds_nothing(self):
        before = Visit.objects.count()
        call_command("open_harbour", stdout=StringIO())
        self.assertEqual(Visit.objects.count(), before)

    def test_pages_allow_nothing_from_elsewhere(self):
        self.assertIn("default-src 'self'", self.client.get("/")["Content-Security-Policy"])
