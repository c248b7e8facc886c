"""The records of what we operate, one file a noun."""

from workloads.models.alerts import Alert
from workloads.models.catalog import Application, Environment, Variable
from workloads.models.changes import Action, Approval, Change, Former
from workloads.models.clusters import Cluster, Drift, Target
from workloads.models.diagnoses import Diagnosis
from workloads.models.examinations import Examination, PostMortem
from workloads.models.findings import Finding, Incident, Report, Sighting
from workloads.models.gitops import GitOpsRepository
from workloads.models.hooks import ForgeStatus, WebhookDelivery, WebhookRule, WebhookSource
from workloads.models.hosting import Applied, Instance, Sample
from workloads.models.images import Registry
from workloads.models.notices import (
    Announcement,
    Notification,
    NotificationAttempt,
    NotificationChannel,
    NotificationRoute,
    NotificationSettings,
)
from workloads.models.releases import Deployment, Release
from workloads.models.remedies import RemedyPolicy, RemedyUse
from workloads.models.snapshots import Snapshot
from workloads.models.windows import EnvironmentLock, Stop, Window

__all__ = [
    "Action",
    "Alert",
    "Announcement",
    "Application",
    "Applied",
    "Approval",
    "Change",
    "Cluster",
    "Deployment",
    "Diagnosis",
    "Drift",
    "Environment",
    "EnvironmentLock",
    "Examination",
    "Finding",
    "ForgeStatus",
    "Former",
    "GitOpsRepository",
    "Incident",
    "Instance",
    "Notification",
    "NotificationAttempt",
    "NotificationChannel",
    "NotificationRoute",
    "NotificationSettings",
    "PostMortem",
    "Registry",
    "Release",
    "RemedyPolicy",
    "RemedyUse",
    "Report",
    "Sample",
    "Sighting",
    "Snapshot",
    "Stop",
    "Target",
    "Variable",
    "WebhookDelivery",
    "WebhookRule",
    "WebhookSource",
    "Window",
]
