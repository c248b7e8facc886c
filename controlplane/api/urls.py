"""The addresses of the API; without a slash at the end, so that a POST never meets a redirect."""

from django.urls import path, re_path

import controlplane.api.schema  # noqa: F401  how tokens are described
from controlplane.api import converters
from controlplane.api.views import (
    applications,
    audit,
    changes,
    deployments,
    description,
    facts,
    health,
    nothing,
    people,
    reports,
    runs,
)

converters.register()
app_name = "api"
ENVIRONMENT = "applications/<name:name>/environments/<name:environment>"
urlpatterns = [
    path("health", health.Live.as_view(), name="health"),
    path("ready", health.Ready.as_view(), name="ready"),
    path("metrics", health.Metrics.as_view(), name="metrics"),
    path("me", people.Me.as_view(), name="me"),
    path("tokens", people.Tokens.as_view(), name="tokens"),
    path("tokens/<number:number>", people.OneToken.as_view(), name="token"),
    path("applications", applications.Applications.as_view(), name="applications"),
    path("applications/<name:name>", applications.OneApplication.as_view(), name="application"),
    path("applications/<name:name>/environments", applications.ApplicationEnvironments.as_view(), name="add-environment"),
    path("applications/<name:name>/reports", reports.ApplicationReports.as_view(), name="report-in"),
    path("environments", applications.Environments.as_view(), name="environments"),
    path(ENVIRONMENT, applications.OneEnvironment.as_view(), name="environment"),
    path(f"{ENVIRONMENT}/release-hold", applications.Hold.as_view(), name="hold"),
    path(f"{ENVIRONMENT}/variables", applications.Variables.as_view(), name="variables"),
    path(f"{ENVIRONMENT}/variables/<variable:variable>", applications.OneVariable.as_view(), name="variable"),
    path("releases", facts.Releases.as_view(), name="releases"),
    path("releases/<number:number>", facts.OneRelease.as_view(), name="release"),
    path("deployments", deployments.Deployments.as_view(), name="deployments"),
    path("deployments/<number:number>", deployments.OneDeployment.as_view(), name="deployment"),
    path("rollbacks", deployments.Rollbacks.as_view(), name="rollbacks"),
    path("runs", runs.Runs.as_view(), name="runs"),
    path("runs/<number:number>", runs.OneRun.as_view(), name="run"),
    path("runs/<number:number>/events", runs.Events.as_view(), name="events"),
    path("runs/<number:number>/cancel", runs.Cancel.as_view(), name="cancel"),
    path("runs/<number:number>/retry", runs.Retry.as_view(), name="retry"),
    path("changes", changes.Changes.as_view(), name="changes"),
    path("changes/<number:number>", changes.OneChange.as_view(), name="change"),
    path("changes/<number:number>/diff", changes.Diff.as_view(), name="diff"),
    path("changes/<number:number>/approve", changes.Approve.as_view(), name="approve"),
    path("changes/<number:number>/reject", changes.Reject.as_view(), name="reject"),
    path("changes/<number:number>/override", changes.Override.as_view(), name="override"),
    path("changes/<number:number>/schedule", changes.Schedule.as_view(), name="schedule"),
    path("changes/<number:number>/withdraw", changes.Withdraw.as_view(), name="withdraw"),
    path("reports", reports.Reports.as_view(), name="reports"),
    path("reports/<number:number>", reports.OneReport.as_view(), name="report"),
    path("findings", facts.Findings.as_view(), name="findings"),
    path("findings/<number:number>", facts.OneFinding.as_view(), name="finding"),
    path("findings/<number:number>/suppress", facts.Suppress.as_view(), name="suppress"),
    path("incidents", facts.Incidents.as_view(), name="incidents"),
    path("incidents/<number:number>", facts.OneIncident.as_view(), name="incident"),
    path("incidents/<number:number>/resolve", facts.Resolve.as_view(), name="resolve"),
    path("audit", audit.Audit.as_view(), name="audit"),
    path("schema/", description.Schema.as_view(), name="schema"),
    path("schema", description.Schema.as_view()),
    path("reference", description.Reference.as_view(), name="reference"),
    re_path(r"^[\s\S]*$", nothing.Nothing.as_view()),
]
