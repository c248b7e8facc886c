"""The first berths, vessels and visits, for a harbour that has none."""

from datetime import timedelta

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from logbook.models import Berth, Vessel, Visit

BERTHS = [("1", 60), ("2", 90), ("3", 120), ("4", 180), ("5", 240)]
# name, kind, flag, length, berth, cargo, hours until due, where it is now
VISITS = [
    ("Santa Aurelia", "cargo", "Spain", 168, "4", "oranges, 2,100 t", -20, "alongside"),
    ("Marlborough Tide", "ferry", "United Kingdom", 112, "3", "cars and passengers", -3, "alongside"),
    ("Estrella Polar", "sailing", "Portugal", 54, "1", "", -30, "alongside"),
    ("Boreal Trader", "tanker", "Norway", 228, "5", "vegetable oil, 18,000 t", 2, "expected"),
    ("Nuestra Brisa", "fishing", "Spain", 32, "2", "hake, 14 t", 5, "expected"),
    ("Kaiyo Maru", "cargo", "Japan", 176, "4", "machine parts", 26, "expected"),
    ("Petit Mistral", "tug", "France", 28, "2", "", -44, "departed"),
    ("Hanse Kontor", "cargo", "Germany", 134, "5", "timber, 4,300 t", -52, "departed"),
]


class Command(BaseCommand):
    help = "Fill an empty logbook with a first day; does nothing where there are berths."

    @transaction.atomic
    def handle(self, **options):
        if Berth.objects.exists():
            self.stdout.write("The harbour is open already.")
            return
        berths = {name: Berth.objects.create(name=name, length_m=length) for name, length in BERTHS}
        now = timezone.now().replace(minute=0, second=0, microsecond=0)
        for name, kind, flag, length, berth, cargo, hours, state in VISITS:
            vessel = Vessel.objects.create(name=name, kind=kind, flag=flag, length_m=length)
            due = now + timedelta(hours=hours)
            Visit.objects.create(
                vessel=vessel,
                berth=berths[berth],
                cargo=cargo,
                due_at=due,
                arrived_at=None if state == "expected" else due,
                departed_at=due + timedelta(hours=9) if state == "departed" else None,
            )
        self.stdout.write(f"The harbour is open: {len(BERTHS)} berths, {len(VISITS)} visits.")
