"""What every page shows."""

import harbour


def office(request):
    """The version in the footer."""
    return {"version": harbour.__version__}
