"""The pages."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Max, Prefetch
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from logbook.forms import AnnounceForm
from logbook.models import Berth, Vessel, Visit, Watch


def harbour(request):
    """The quay as it is now, who is due, who has left."""
    lying = Prefetch("visits", Visit.objects.alongside().select_related("vessel"), to_attr="lying")
    visits = Visit.objects.select_related("vessel", "berth")
    context = {
        "berths": Berth.objects.prefetch_related(lying),
        "expected": visits.expected()[:20],
        "departed": visits.departed()[:5],
        "watch": Watch.objects.first(),
    }
    return render(request, "logbook/harbour.html", context)


def vessels(request):
    """Every vessel that is known here."""
    known = Vessel.objects.annotate(calls=Count("visits"), last_seen=Max("visits__arrived_at"))
    return render(request, "logbook/vessels.html", {"vessels": known})


def announce(request):
    """The form by which a visit is announced."""
    form = AnnounceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        visit = form.save()
        messages.success(request, f"{visit.vessel} is expected at berth {visit.berth}.")
        return redirect("harbour")
    return render(request, "logbook/announce.html", {"form": form})


@require_POST
def arrived(request, pk):
    """The vessel has made fast, unless another lies at its berth."""
    visit = get_object_or_404(Visit.objects.expected(), pk=pk)
    visit.arrived_at = timezone.now()
    try:
        visit.validate_constraints()
    except ValidationError:
        messages.error(request, f"{visit.vessel} cannot make fast: another vessel lies at berth {visit.berth}.")
    else:
        visit.save()
        messages.success(request, f"{visit.vessel} lies at berth {visit.berth}.")
    return redirect("harbour")


@require_POST
def departed(request, pk):
    """The vessel has cast off."""
    visit = get_object_or_404(Visit.objects.alongside(), pk=pk)
    visit.departed_at = timezone.now()
    visit.save()
    messages.success(request, f"{visit.vessel} has left berth {visit.berth}.")
    return redirect("harbour")
