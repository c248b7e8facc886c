"""The records of what we operate, one file a noun."""

from workloads.models.catalog import Application, Environment, Variable
from workloads.models.changes import Action, Approval, Change
from workloads.models.findings import Finding, Incident, Report, Sighting
from workloads.models.hosting import Instance, Sample
from workloads.models.notices import (
    Announcement,
    Notification,
    NotificationAttempt,
    NotificationChannel,
    NotificationRoute,
    NotificationSettings,
)
from workloads.models.releases import Deployment, Release

__all__ = [
    "Action",
    "Announcement",
    "Application",
    "Approval",
    "Change",
    "Deployment",
    "Environment",
    "Finding",
    "Incident",
    "Instance",
    "Notification",
    "NotificationAttempt",
    "NotificationChannel",
    "NotificationRoute",
    "NotificationSettings",
    "Release",
    "Report",
    "Sample",
    "Sighting",
    "Variable",
]
