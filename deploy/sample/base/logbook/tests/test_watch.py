"""The background task and the health address."""

from datetime import timedelta
from unittest import mock

from django.db import DatabaseError
from django.test import TestCase
from django.utils import timezone

from logbook import tasks
from logbook.models import Berth, Vessel, Visit, Watch


class WatchTests(TestCase):
    def test_the_watch_counts_the_harbour(self):
        berth = Berth.objects.create(name="1", length_m=100)
        vessel = Vessel.objects.create(name="Alondra", kind="ferry", flag="Spain", length_m=90)
        now = timezone.now()
        for due, arrived in ((-2, now), (-1, None), (1, None)):
            Visit.objects.create(vessel=vessel, berth=berth, due_at=now + timedelta(hours=due), arrived_at=arrived)
        tasks.write_watch()
        watch = Watch.objects.get()
        self.assertEqual((watch.alongside, watch.expected, watch.overdue), (1, 2, 1))

    def test_the_oldest_watches_are_forgotten(self):
        with mock.patch.object(tasks, "KEPT", 2):
            for _ in range(4):
                tasks.write_watch()
        self.assertEqual(Watch.objects.count(), 2)

    def test_health_is_ok_while_the_database_answers(self):
        answer = self.client.get("/healthz")
        self.assertEqual((answer.status_code, answer.json()["status"]), (200, "ok"))

    def test_health_says_so_when_the_database_does_not_answer(self):
        with mock.patch("logbook.health.Berth.objects.count", side_effect=DatabaseError):
            self.assertEqual(self.client.get("/healthz").status_code, 503)
