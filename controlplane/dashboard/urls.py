"""The addresses of the dashboard. Every one of them but sign-in goes through the door."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, path

from controlplane.dashboard.door import View, page
from controlplane.dashboard.views import account, applications, audit, changes, environments, lists, overview, runs


def _at(route: str, view: View, name: str) -> URLPattern:
    return path(route, page(view), name=name)


urlpatterns = [
    path("sign-in/", account.SignIn.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    _at("", overview.show, "overview"),
    _at("search/", overview.search, "search"),
    _at("inbox/", changes.index, "inbox"),
    _at("applications/<int:application_id>/", applications.show, "application"),
    _at("applications/<int:application_id>/deploy/", applications.deploy, "deploy"),
    _at("environments/menu/", environments.menu, "environment-menu"),
    _at("environments/<int:environment_id>/", environments.show, "environment"),
    _at("environments/<int:environment_id>/state/", environments.state, "environment-state"),
    _at("environments/<int:environment_id>/log/<int:instance_id>/<slug:process>/", environments.log, "process-log"),
    _at("environments/<int:environment_id>/roll-back/", environments.roll_back, "roll-back"),
    _at("environments/<int:environment_id>/release-hold/", environments.release_hold, "release-hold"),
    _at("runs/", runs.index, "runs"),
    _at("runs/<int:run_id>/", runs.show, "run"),
    _at("runs/<int:run_id>/state/", runs.state, "run-state"),
    _at("runs/<int:run_id>/events/", runs.events, "run-events"),
    _at("runs/<int:run_id>/log/", runs.log, "run-log"),
    _at("runs/<int:run_id>/log/lines/", runs.lines, "run-lines"),
    _at("runs/<int:run_id>/cancel/", runs.cancel, "run-cancel"),
    _at("runs/<int:run_id>/retry/", runs.retry, "run-retry"),
    _at("changes/<int:change_id>/", changes.show, "change"),
    _at("changes/<int:change_id>/state/", changes.state, "change-state"),
    _at("changes/<int:change_id>/preview.json", changes.exact, "change-preview"),
    _at("changes/<int:change_id>/decide/", changes.decide, "change-decide"),
    _at("deployments/", lists.deployments, "deployments"),
    _at("findings/", lists.findings, "findings"),
    _at("incidents/", lists.incidents, "incidents"),
    _at("incidents/<int:incident_id>/resolve/", lists.resolve_incident, "incident-resolve"),
    _at("specialists/", lists.specialists, "specialists"),
    _at("audit/", audit.index, "audit"),
    _at("audit/<int:number>/", audit.entry, "audit-entry"),
    _at("audit/proof/", audit.proof, "audit-proof"),
    _at("audit/verify/", audit.verify, "audit-verify"),
    _at("audit/export.<str:form>", audit.export, "audit-export"),
]
