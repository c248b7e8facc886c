"""The addresses of the dashboard. Every one of them goes through the door."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from controlplane.dashboard.door import View, page
from controlplane.dashboard.views import (
    applications,
    audit,
    changes,
    cluster,
    clusters,
    comparison,
    diagnoses,
    environments,
    findings,
    incidents,
    knowledge,
    lists,
    measured,
    metrics,
    notifications,
    overview,
    runs,
    specialists,
    timetable,
    variables,
    webhooks,
)


def _at(route: str, view: View, name: str) -> URLPattern:
    """A page that is read."""
    return path(route, page(require_safe(view)), name=name)


def _does(route: str, view: View, name: str) -> URLPattern:
    """A form that does something."""
    return path(route, page(require_POST(view)), name=name)


urlpatterns = [
    _at("", overview.show, "overview"),
    _at("search/", overview.search, "search"),
    _at("inbox/", changes.index, "inbox"),
    _at("applications/<int:application_id>/", applications.show, "application"),
    _at("applications/<int:application_id>/compare/", comparison.show, "compare"),
    _does("applications/<int:application_id>/deploy/", applications.deploy, "deploy"),
    _does("applications/<int:application_id>/promote/", applications.promote, "promote"),
    _at("environments/menu/", environments.menu, "environment-menu"),
    _at("environments/<int:environment_id>/", environments.show, "environment"),
    _at("environments/<int:environment_id>/state/", environments.state, "environment-state"),
    _at("environments/<int:environment_id>/log/<int:instance_id>/<slug:process>/", environments.log, "process-log"),
    _at("environments/<int:environment_id>/chart/<slug:metric>.json", measured.chart, "environment-chart"),
    _at("environments/<int:environment_id>/cluster/", cluster.now, "environment-cluster"),
    _does("environments/<int:environment_id>/mend/", cluster.mend, "mend-drift"),
    _at("environments/<int:environment_id>/diagnosis/", diagnoses.show, "diagnosis"),
    _does("environments/<int:environment_id>/diagnosis/ask/", diagnoses.ask, "diagnosis-ask"),
    _does("environments/<int:environment_id>/diagnosis/propose/", diagnoses.propose, "remedy-propose"),
    _at("environments/<int:environment_id>/pods/<str:pod>/", cluster.pod, "pod"),
    _at("environments/<int:environment_id>/pod-logs/", cluster.log, "pod-logs"),
    _at("environments/<int:environment_id>/pod-logs/lines/", cluster.lines, "pod-log-lines"),
    _does("environments/<int:environment_id>/roll-back/", environments.roll_back, "roll-back"),
    _does("environments/<int:environment_id>/release-hold/", environments.release_hold, "release-hold"),
    _does("environments/<int:environment_id>/lock/", timetable.lock, "environment-lock"),
    _does("environments/<int:environment_id>/unlock/", timetable.unlock, "environment-unlock"),
    _does("environments/<int:environment_id>/stop/", timetable.stop, "environment-stop"),
    _does("environments/<int:environment_id>/lift/", timetable.lift, "environment-lift"),
    _does("stop-everything/", timetable.stop_everything, "stop-everything"),
    _does("lift-everything/", timetable.lift_everything, "lift-everything"),
    _does("environments/<int:environment_id>/variables/set/", variables.put, "variable-set"),
    _does("environments/<int:environment_id>/variables/remove/", variables.remove, "variable-remove"),
    _at("runs/", runs.index, "runs"),
    _at("runs/<int:run_id>/", runs.show, "run"),
    _at("runs/<int:run_id>/state/", runs.state, "run-state"),
    _at("runs/<int:run_id>/events/", runs.events, "run-events"),
    _at("runs/<int:run_id>/log/", runs.log, "run-log"),
    _at("runs/<int:run_id>/log/lines/", runs.lines, "run-lines"),
    _does("runs/<int:run_id>/cancel/", runs.cancel, "run-cancel"),
    _does("runs/<int:run_id>/retry/", runs.retry, "run-retry"),
    _at("changes/<int:change_id>/", changes.show, "change"),
    _at("changes/<int:change_id>/state/", changes.state, "change-state"),
    _at("changes/<int:change_id>/reading/", changes.reading, "change-reading"),
    _at("changes/<int:change_id>/preview.json", changes.exact, "change-preview"),
    _does("changes/<int:change_id>/decide/", changes.decide, "change-decide"),
    _does("changes/<int:change_id>/schedule/", changes.schedule, "change-schedule"),
    _does("changes/<int:change_id>/undo/", changes.undo, "change-undo"),
    _does("changes/<int:change_id>/exception/", changes.make_exception, "change-exception"),
    _at("deployments/", lists.deployments, "deployments"),
    _at("findings/", findings.index, "findings"),
    _does("findings/<int:finding_id>/suppress/", findings.suppress, "finding-suppress"),
    _does("findings/<int:finding_id>/count-again/", findings.count_again, "finding-count-again"),
    _at("incidents/", incidents.index, "incidents"),
    _at("incidents/<int:incident_id>/", incidents.show, "incident"),
    _does("incidents/<int:incident_id>/resolve/", incidents.resolve, "incident-resolve"),
    _at("knowledge/", knowledge.index, "knowledge"),
    _at("knowledge/documents/<int:document_id>/", knowledge.document, "knowledge-document"),
    _does("knowledge/passages/<int:passage_id>/tell/", knowledge.tell, "knowledge-tell"),
    _at("knowledge/feedback.csv", knowledge.export, "knowledge-feedback"),
    _at("knowledge/sources/", knowledge.sources, "knowledge-sources"),
    _at("knowledge/sources/<int:source_id>/", knowledge.source, "knowledge-source"),
    _does("knowledge/sources/<int:source_id>/refresh/", knowledge.refresh, "knowledge-refresh"),
    _at("specialists/", specialists.index, "specialists"),
    _at("metrics/", metrics.index, "metrics"),
    _at("metrics/<slug:chart>.json", metrics.chart, "metrics-chart"),
    _at("notifications/", notifications.index, "notifications"),
    _at("notifications/<int:notification_id>/", notifications.show, "notification"),
    _does("notifications/<int:notification_id>/send-again/", notifications.send_again, "notification-send-again"),
    _at("audit/", audit.index, "audit"),
    _at("audit/<int:number>/", audit.entry, "audit-entry"),
    _at("audit/proof/", audit.proof, "audit-proof"),
    _does("audit/verify/", audit.verify, "audit-verify"),
    _at("clusters/", clusters.index, "clusters"),
    _at("clusters/<slug:cluster>/", clusters.show, "cluster"),
    _at("clusters/<slug:cluster>/rights-<slug:identity>.yaml", clusters.manifests, "cluster-rights"),
    _does("clusters/<slug:cluster>/check/", clusters.check, "cluster-check"),
    _at("webhooks/", webhooks.index, "webhooks"),
    _at("webhooks/<int:delivery_id>/", webhooks.show, "webhook"),
    _at("webhooks/<int:delivery_id>/state/", webhooks.state, "webhook-state"),
    _does("webhooks/<int:delivery_id>/handle-again/", webhooks.again, "webhook-again"),
    _at("audit/export.<str:form>", audit.export, "audit-export"),
]
