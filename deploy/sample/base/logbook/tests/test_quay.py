"""The quay: who lies where, who may, who leaves."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import TestCase
from django.utils import timezone

from logbook.models import Berth, Vessel, Visit


class QuayTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.berth = Berth.objects.create(name="7", length_m=100)
        cls.ferry = Vessel.objects.create(name="Alondra", kind="ferry", flag="Spain", length_m=90)
        cls.tanker = Vessel.objects.create(name="Goliath", kind="tanker", flag="Norway", length_m=101)

    def announce(self, vessel, hours=1):
        return Visit.objects.create(vessel=vessel, berth=self.berth, due_at=timezone.now() + timedelta(hours=hours))

    def test_a_vessel_as_long_as_the_berth_fits(self):
        self.assertTrue(self.berth.holds(Vessel(name="Exact", length_m=100)))

    def test_a_vessel_longer_than_the_berth_is_refused(self):
        self.assertFalse(self.berth.holds(self.tanker))
        with self.assertRaisesMessage(ValidationError, "Goliath is 101 m long"):
            Visit(vessel=self.tanker, berth=self.berth, due_at=timezone.now()).full_clean()

    def test_a_visit_goes_from_expected_to_alongside_to_departed(self):
        visit = self.announce(self.ferry)
        self.assertQuerySetEqual(Visit.objects.expected(), [visit])
        self.client.post(f"/visits/{visit.pk}/arrived/")
        self.assertQuerySetEqual(Visit.objects.alongside(), [visit])
        self.client.post(f"/visits/{visit.pk}/departed/")
        self.assertQuerySetEqual(Visit.objects.departed(), [visit])

    def test_a_second_vessel_cannot_make_fast_at_a_taken_berth(self):
        first, second = (
            self.announce(self.ferry),
            self.announce(Vessel.objects.create(name="Bina", kind="tug", length_m=20)),
        )
        self.client.post(f"/visits/{first.pk}/arrived/")
        answer = self.client.post(f"/visits/{second.pk}/arrived/", follow=True)
        self.assertContains(answer, "another vessel lies at berth 7")
        self.assertQuerySetEqual(Visit.objects.alongside(), [first])

    def test_the_database_itself_refuses_two_vessels_at_a_berth(self):
        now = timezone.now()
        first, second = self.announce(self.ferry), self.announce(self.tanker)
        Visit.objects.filter(pk=first.pk).update(arrived_at=now)
        with self.assertRaises(IntegrityError), transaction.atomic():
            Visit.objects.filter(pk=second.pk).update(arrived_at=now)

    def test_nobody_departs_before_arriving(self):
        visit = self.announce(self.ferry)
        self.assertEqual(self.client.post(f"/visits/{visit.pk}/departed/").status_code, 404)

    def test_only_a_passed_time_is_overdue(self):
        self.assertTrue(self.announce(self.ferry, hours=-1).is_overdue)
        self.assertFalse(self.announce(self.ferry, hours=1).is_overdue)
