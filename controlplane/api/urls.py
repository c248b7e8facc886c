"""The addresses of the API; without a slash at the end, so that a POST never meets a redirect."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

import controlplane.api.schema  # noqa: F401  how tokens are described
from controlplane.api.views import applications, changes, deployments, facts, nothing, people, runs

app_name = "api"
urlpatterns = [
    path("me", people.Me.as_view(), name="me"),
    path("tokens", people.Tokens.as_view(), name="tokens"),
    path("tokens/<int:number>", people.OneToken.as_view(), name="token"),
    path("applications", applications.Applications.as_view(), name="applications"),
    path("applications/<str:name>", applications.OneApplication.as_view(), name="application"),
    path("applications/<str:name>/environments/<str:environment>", applications.OneEnvironment.as_view(), name="environment"),
    path("applications/<str:name>/environments/<str:environment>/release-hold", applications.Hold.as_view(), name="hold"),
    path("deployments", deployments.Deployments.as_view(), name="deployments"),
    path("deployments/<int:number>", deployments.OneDeployment.as_view(), name="deployment"),
    path("rollbacks", deployments.Rollbacks.as_view(), name="rollbacks"),
    path("runs", runs.Runs.as_view(), name="runs"),
    path("runs/<int:number>", runs.OneRun.as_view(), name="run"),
    path("runs/<int:number>/events", runs.Events.as_view(), name="events"),
    path("runs/<int:number>/cancel", runs.Cancel.as_view(), name="cancel"),
    path("runs/<int:number>/retry", runs.Retry.as_view(), name="retry"),
    path("changes", changes.Changes.as_view(), name="changes"),
    path("changes/<int:number>", changes.OneChange.as_view(), name="change"),
    path("changes/<int:number>/diff", changes.Diff.as_view(), name="diff"),
    path("changes/<int:number>/approve", changes.Approve.as_view(), name="approve"),
    path("changes/<int:number>/reject", changes.Reject.as_view(), name="reject"),
    path("changes/<int:number>/override", changes.Override.as_view(), name="override"),
    path("changes/<int:number>/withdraw", changes.Withdraw.as_view(), name="withdraw"),
    path("findings", facts.Findings.as_view(), name="findings"),
    path("incidents", facts.Incidents.as_view(), name="incidents"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("schema", SpectacularAPIView.as_view()),
    re_path(r"^.*$", nothing.Nothing.as_view()),
]
