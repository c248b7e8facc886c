"""One vocabulary of states: each word has one icon and one meaning, everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Meaning = Literal["ok", "warn", "bad", "wait", "busy", "quiet"]


@dataclass(frozen=True, slots=True)
class Word:
    """How one state is said: the word, its icon, what it means to whoever looks."""

    label: str | Promise
    icon: str
    meaning: Meaning


_FAILED = Word(_("failed"), "cross", "bad")
_WAITING = Word(_("waiting for approval"), "hand", "wait")
_ROLLED_BACK = Word(_("rolled back"), "undo", "bad")
_CANCELLED = Word(_("cancelled"), "slash", "quiet")
_REFUSED = Word(_("refused by policy"), "shield", "bad")

WORDS: dict[str, Word] = {
    # runs and steps
    "queued": Word(_("queued"), "clock", "quiet"),
    "running": Word(_("running"), "spinner", "busy"),
    "waiting": _WAITING,
    "resting": Word(_("watching"), "clock", "busy"),
    "scheduled": Word(_("waiting for window"), "clock", "wait"),
    "succeeded": Word(_("succeeded"), "check", "ok"),
    "failed": _FAILED,
    "stopped": Word(_("stopped by a check"), "octagon", "bad"),
    "refused": _REFUSED,
    "rolled_back": _ROLLED_BACK,
    "cancelled": _CANCELLED,
    "stuck": Word(_("stuck"), "warning", "bad"),
    "done": Word(_("done"), "check", "ok"),
    "lost": Word(_("lost with its worker"), "warning", "warn"),
    "not_reached": Word(_("not reached"), "dot", "quiet"),
    "node.waiting": Word(_("waiting"), "hand", "wait"),
    "node.lost": Word(_("worker lost"), "warning", "warn"),
    # verdicts
    "passed": Word(_("passed"), "check", "ok"),
    "inconclusive": Word(_("inconclusive"), "question", "warn"),
    "not_evaluated": Word(_("not evaluated"), "dash", "quiet"),
    "no_data": Word(_("no data"), "empty", "quiet"),
    # changes and decisions
    "approved": Word(_("approved"), "check", "ok"),
    "applied": Word(_("applied"), "check", "ok"),
    "rejected": Word(_("rejected"), "cross", "bad"),
    "expired": Word(_("rejected: expired"), "clock", "bad"),
    "approve": Word(_("approved"), "check", "ok"),
    "reject": Word(_("rejected"), "cross", "bad"),
    "override": Word(_("overridden"), "warning", "warn"),
    # deployments and instances
    "pending": Word(_("pending"), "clock", "quiet"),
    "applying": Word(_("applying"), "spinner", "busy"),
    "verifying": Word(_("verifying"), "spinner", "busy"),
    "live": Word(_("live"), "check", "ok"),
    "superseded": Word(_("superseded"), "dot", "quiet"),
    "starting": Word(_("starting"), "spinner", "busy"),
    "crashing": Word(_("crashing"), "cross", "bad"),
    "stopping": Word(_("stopping"), "clock", "quiet"),
    "instance.running": Word(_("running"), "check", "ok"),
    "not_running": Word(_("not running"), "cross", "bad"),
    "instance.stopped": Word(_("stopped"), "dot", "quiet"),
    # clusters and our rights there
    "cluster.connected": Word(_("connected"), "check", "ok"),
    "cluster.lacking": Word(_("rights are missing"), "warning", "bad"),
    "cluster.unreachable": Word(_("does not answer"), "cross", "bad"),
    "cluster.never_asked": Word(_("never asked"), "question", "quiet"),
    "right.granted": Word(_("granted"), "check", "ok"),
    "right.missing": Word(_("missing"), "cross", "bad"),
    "right.reduced": Word(_("missing, optional"), "dash", "warn"),
    "right.not_installed": Word(_("not in this cluster"), "dot", "quiet"),
    # what stands on a cluster
    "pod.ready": Word(_("ready"), "check", "ok"),
    "pod.starting": Word(_("starting"), "spinner", "busy"),
    "pod.unready": Word(_("not ready"), "clock", "warn"),
    "pod.failing": Word(_("failing"), "cross", "bad"),
    "pod.waiting": Word(_("cannot start"), "warning", "bad"),
    "pod.done": Word(_("done"), "check", "quiet"),
    "pod.leaving": Word(_("being removed"), "clock", "quiet"),
    "workload.ready": Word(_("ready"), "check", "ok"),
    "workload.rolling": Word(_("moving"), "spinner", "busy"),
    "workload.failing": Word(_("failing"), "cross", "bad"),
    "workload.idle": Word(_("scaled to nothing"), "dot", "quiet"),
    "workload.running": Word(_("running"), "spinner", "busy"),
    "workload.done": Word(_("done"), "check", "ok"),
    "workload.failed": _FAILED,
    "workload.scheduled": Word(_("on schedule"), "clock", "quiet"),
    "workload.suspended": Word(_("suspended"), "pause", "quiet"),
    "service.ready": Word(_("ready"), "check", "ok"),
    "service.empty": Word(_("no pod is ready"), "warning", "bad"),
    "service.broken": Word(_("leads nowhere"), "cross", "bad"),
    "service.outside": Word(_("leads outside"), "external", "quiet"),
    "service.missing": Word(_("is not there"), "cross", "bad"),
    "route.ready": Word(_("leads on"), "check", "ok"),
    "route.broken": Word(_("broken"), "cross", "bad"),
    "container.running": Word(_("running"), "check", "ok"),
    "container.waiting": Word(_("waits"), "clock", "warn"),
    "container.ended": Word(_("ended"), "dot", "quiet"),
    "container.unknown": Word(_("not known"), "question", "quiet"),
    # what changed before a symptom
    "suspect.deployment": Word(_("deployment"), "rocket", "quiet"),
    "suspect.change": Word(_("change"), "pen", "quiet"),
    "suspect.drift": Word(_("drift"), "warning", "warn"),
    "suspect.configuration": Word(_("configuration"), "pen", "quiet"),
    "suspect.cluster": Word(_("the cluster itself"), "layers", "quiet"),
    "drift.standing": Word(_("differs from what was applied"), "warning", "warn"),
    "drift.none": Word(_("as it was applied"), "check", "ok"),
    "drift.mended": Word(_("mended"), "check", "ok"),
    "drift.over": Word(_("no longer there"), "dot", "quiet"),
    "drift.never": Word(_("not looked at yet"), "question", "quiet"),
    "proof.object": Word(_("object"), "layers", "quiet"),
    "proof.event": Word(_("event"), "clock", "quiet"),
    "proof.log": Word(_("log"), "pen", "quiet"),
    "proof.metric": Word(_("metric"), "chart", "quiet"),
    "alert.firing": Word(_("firing"), "siren", "bad"),
    "alert.over": Word(_("over"), "check", "ok"),
    "proof.alert": Word(_("alert"), "warning", "quiet"),
    "proof.probe": Word(_("check"), "check", "quiet"),
    "proof.declared": Word(_("was applied"), "check", "quiet"),
    "proof.symptom": Word(_("symptom"), "warning", "quiet"),
    "proof.diagnosis": Word(_("the engine"), "helm", "quiet"),
    "proof.change": Word(_("change"), "pen", "quiet"),
    "proof.deployment": Word(_("deployment"), "rocket", "quiet"),
    "proof.drift": Word(_("drift"), "warning", "quiet"),
    "proof.incident": Word(_("incident"), "siren", "quiet"),
    "proof.finding": Word(_("finding"), "shield", "quiet"),
    "proof.knowledge": Word(_("document"), "book", "quiet"),
    "inquiry.queued": Word(_("waits for its turn"), "clock", "wait"),
    "inquiry.reading": Word(_("looking"), "spinner", "busy"),
    "inquiry.written": Word(_("answered"), "check", "ok"),
    "inquiry.not_added": Word(_("answered without a model"), "dash", "quiet"),
    "inquiry.cancelled": Word(_("cancelled"), "slash", "quiet"),
    "stance.agrees": Word(_("agrees with the engine"), "check", "quiet"),
    "stance.disagrees": Word(_("disagrees with the engine"), "warning", "warn"),
    "stance.cannot_tell": Word(_("cannot tell whether the engine is right"), "question", "quiet"),
    "diagnosis.waiting": Word(_("about to begin"), "clock", "wait"),
    "diagnosis.working": Word(_("looking at the cluster"), "spinner", "busy"),
    "diagnosis.failed": Word(_("could not be made"), "cross", "bad"),
    "diagnosis.fault": Word(_("a fault"), "warning", "bad"),
    "diagnosis.healthy": Word(_("healthy"), "check", "ok"),
    "diagnosis.inconclusive": Word(_("inconclusive"), "question", "warn"),
    "diagnosis.not_evaluated": Word(_("not evaluated"), "dash", "quiet"),
    "diagnosis.error": Word(_("the snapshot could not be read"), "cross", "bad"),
    "object.create": Word(_("is made"), "plus", "ok"),
    "object.change": Word(_("is changed"), "pen", "busy"),
    "object.remove": Word(_("is removed"), "dash", "bad"),
    "object.gone": Word(_("is gone"), "dash", "bad"),
    "rollout.staging": Word(_("being made ready"), "spinner", "busy"),
    "rollout.staged": Word(_("stands beside"), "pause", "wait"),
    "rollout.switching": Word(_("being given the traffic"), "spinner", "busy"),
    "rollout.switched": Word(_("has the traffic"), "check", "ok"),
    "rollout.failed": _FAILED,
    "rollout.returned": Word(_("taken back"), "undo", "bad"),
    "rollout.asking": Word(_("asks a person"), "hand", "wait"),
    "rollout.kept": Word(_("kept for the way back"), "undo", "quiet"),
    "strategy.rolling": Word(_("rolling"), "spinner", "quiet"),
    "strategy.blue_green": Word(_("blue-green"), "layers", "quiet"),
    "strategy.canary": Word(_("canary"), "layers", "quiet"),
    "mode.apply": Word(_("Timonel applies"), "helm", "quiet"),
    "mode.commit": Word(_("Timonel commits, Argo CD or Flux syncs"), "pen", "quiet"),
    "mode.pull_request": Word(_("Timonel opens a pull request, Argo CD or Flux syncs"), "pen", "quiet"),
    # incidents, findings, risk
    "open": Word(_("open"), "warning", "bad"),
    "unresolved": Word(_("not resolved"), "warning", "bad"),
    "mitigated": Word(_("mitigated"), "shield", "warn"),
    "resolved": Word(_("resolved"), "check", "ok"),
    "escalated": Word(_("needs a person"), "hand", "bad"),
    "critical": Word(_("critical"), "octagon", "bad"),
    "high": Word(_("high"), "warning", "bad"),
    "medium": Word(_("medium"), "warning", "warn"),
    "low": Word(_("low"), "dot", "quiet"),
    "info": Word(_("info"), "info", "quiet"),
    "finding.new": Word(_("new"), "dot", "wait"),
    "finding.continuing": Word(_("continuing"), "dash", "quiet"),
    "finding.fixed": Word(_("fixed"), "check", "ok"),
    "finding.suppressed": Word(_("suppressed"), "slash", "quiet"),
    "risk.high": Word(_("high risk"), "warning", "bad"),
    "risk.medium": Word(_("medium risk"), "warning", "warn"),
    "risk.low": Word(_("low risk"), "check", "ok"),
    # migrations (workloads.schema)
    "safe_online": Word(_("safe online"), "check", "ok"),
    "locks": Word(_("locks a table"), "warning", "warn"),
    "breaks_old_code": Word(_("breaks the old code"), "octagon", "bad"),
    "irreversible": Word(_("irreversible"), "warning", "bad"),
    # what separates two releases, or two environments
    "difference.added": Word(_("added"), "plus", "ok"),
    "difference.removed": Word(_("removed"), "dash", "warn"),
    "difference.changed": Word(_("another value"), "dot", "busy"),
    # the variables of an environment
    "variable.missing": Word(_("required, not given"), "warning", "bad"),
    "variable.set": Word(_("set"), "check", "ok"),
    "variable.elsewhere": Word(_("not set here"), "dash", "warn"),
    # deliveries of webhooks, and what forges are told
    "delivery.received": Word(_("being handled"), "spinner", "busy"),
    "delivery.handled": Word(_("handled"), "check", "ok"),
    "delivery.ignored": Word(_("nothing to do"), "dash", "quiet"),
    "did.deploy": Word(_("a run was asked for"), "rocket", "ok"),
    "did.incident": Word(_("an incident was opened or closed"), "siren", "warn"),
    "did.note": Word(_("noted"), "check", "quiet"),
    "did.nothing": Word(_("nothing to do"), "dash", "quiet"),
    "forge.success": Word(_("success"), "check", "ok"),
    "forge.failure": Word(_("failure"), "cross", "bad"),
    "forge.error": Word(_("error"), "warning", "bad"),
    # when changes begin
    "window.open": Word(_("open"), "check", "ok"),
    "window.closed": Word(_("closed"), "clock", "wait"),
    "window.stopped": Word(_("stopped"), "octagon", "bad"),
    "window.locked": Word(_("locked"), "lock", "wait"),
    "window.allow": Word(_("changes begin"), "check", "ok"),
    "window.deny": Word(_("no change begins"), "slash", "wait"),
    "window.exception": Word(_("begins outside of its windows"), "warning", "warn"),
    # notifications
    "notification.waiting": Word(_("to be sent"), "clock", "quiet"),
    "notification.sending": Word(_("being sent"), "spinner", "busy"),
    "notification.sent": Word(_("sent"), "check", "ok"),
    "notification.suppressed": Word(_("not sent on purpose"), "slash", "quiet"),
    # sources of the knowledge base
    "source.idle": Word(_("up to date"), "check", "ok"),
    "source.refreshing": Word(_("being read"), "spinner", "busy"),
    "source.failed": Word(_("could not be read"), "cross", "bad"),
    "source.never": Word(_("not read yet"), "clock", "quiet"),
    "source.off": Word(_("off"), "slash", "quiet"),
    "source.stale": Word(_("not read for long"), "clock", "warn"),
    # the audit
    "whole": Word(_("whole"), "check", "ok"),
    "broken": Word(_("broken"), "octagon", "bad"),
    # workflows
    "workflow.deploy": Word(_("Deployments"), "rocket", "quiet"),
    "workflow.rollback": Word(_("Rollbacks"), "undo", "quiet"),
    "workflow.incident": Word(_("Incidents"), "siren", "quiet"),
    # what a model asked of a tool
    "tool.refused": Word(_("refused"), "slash", "warn"),
    # settings
    "on": Word(_("on"), "check", "ok"),
    "off": Word(_("off"), "slash", "quiet"),
}

# the parts of a run plan (workloads.source.project.RunPlan)
PARTS: dict[str, str | Promise] = {
    "settings_module": _("Settings"),
    "manage": "manage.py",
    "folder": _("Folder"),
    "release_steps": _("Release steps"),
    "health_path": _("Health"),
    "pages": _("Pages that are asked for"),
    "shared": _("Kept across releases"),
    "static_root": _("Folder of static files"),
    "static_url": _("Address of static files"),
    "python": "Python",
}


def word(state: str, kind: str = "") -> Word:
    """The word for a state, of this kind where the kind says it differently; an unknown one is said as it is."""
    found = WORDS.get(f"{kind}.{state}") or WORDS.get(state)
    return found or Word(state.replace("_", " "), "dot", "quiet")
