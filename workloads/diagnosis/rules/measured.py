"""What metrics and alerts say of services and nodes: which are slow, failing or busy, each with its shift."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from workloads.diagnosis.answers import Proof, Source
from workloads.diagnosis.measuring import Shift, points, shift
from workloads.diagnosis.rules.making import measured, other
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.workloads import Workload
from workloads.quantities import quantity
from workloads.unchecked import word

_LATENCY = re.compile(r"latency|duration|response_time|elapsed", re.I)
_MEDIAN = re.compile(r"p50|median|0\.5(?!\d)", re.I)
_CPU = re.compile(r"cpu", re.I)
_THROTTLED = re.compile(r"throttl|cfs", re.I)
_SLOW_ALERT = re.compile(r"latency|slow|duration|response ?time", re.I)
_ERROR_ALERT = re.compile(r"error|success|5xx|unavailable", re.I)
_CHANGE = re.compile(r"(\d{1,9}(?:\.\d{1,4})?) ?ms -> (?:Current=)?(\d{1,9}(?:\.\d{1,4})?) ?ms")  # a convention of those alerts
_UNIT = re.compile(r"seconds$|_s$")
SLOWER = 2.5  # times the usual level
AT_LEAST = 20.0  # milliseconds


@dataclass(slots=True)
class Service:
    """What is known of one service: slowness in milliseconds (of most requests, of the slowest), its processor, its alerts."""

    name: str
    most: Shift | None = None
    slowest: Shift | None = None
    cpu: Shift | None = None
    share: float = 0.0  # of its CPU limit that is used at the height
    alerts: list[Proof] = field(default_factory=list)
    slow_alert: bool = False
    error_alert: bool = False
    series: str = ""

    @property
    def rise(self) -> float:
        """By how many milliseconds its slowest requests became slower."""
        return self.slowest.rise if self.slowest else (self.most.rise if self.most else 0.0)

    @property
    def median_rise(self) -> float:
        """By how many milliseconds half of its requests became slower."""
        return self.most.rise if self.most else 0.0

    @property
    def slow(self) -> bool:
        """Whether it clearly became slower."""
        shown = [each for each in (self.most, self.slowest) if each]
        return any(each.ratio >= SLOWER and each.rise >= AT_LEAST and each.score > 3 for each in shown)

    @property
    def shifted(self) -> bool:
        """Whether its latency rose at all; without measurements nothing speaks against it."""
        shown = [each for each in (self.most, self.slowest) if each]
        return not shown or any(each.ratio >= 1.4 for each in shown)

    @property
    def busy(self) -> bool:
        """Whether its processor use clearly rose, to nearly all that it may use."""
        return bool(self.cpu and self.cpu.ratio >= 3.0 and self.cpu.score > 3 and self.share >= 0.7)

    @property
    def onset(self) -> float:
        """When its slowness (or else its load) began."""
        shown = [each.onset for each in (self.slowest, self.most, self.cpu) if each and each.ratio >= 2]
        return shown[0] if shown else 0.0

    def proofs(self) -> list[Proof]:
        """Lines of evidence."""
        found = []
        if self.slow and (best := self.slowest or self.most):
            found.append(measured(self.series or self.name, f"latency {best.usual:.0f} -> {best.level:.0f} ms", best.onset))
        if self.cpu and self.busy:
            text = f"CPU {self.cpu.usual:.3f} -> {self.cpu.level:.3f} cores, {self.share:.0%} of its limit"
            found.append(measured(f"cpu of {self.name}", text, self.cpu.onset))
        return found + self.alerts[:2]


def services(view: View) -> dict[str, Service]:
    """Every service of which metrics or alerts speak, by the name of its workload."""
    found: dict[str, Service] = {}
    for series in view.snapshot.metrics or ():
        name = _workload(
            view, word(series, "metric", "service") or word(series, "metric", "pod") or word(series, "metric", "deployment")
        )
        change = shift(points(series)) if name else None
        if change:
            _take(found.setdefault(name, Service(name)), word(series, "metric", "__name__"), change)
    for alert in view.snapshot.alerts or ():
        name = _workload(
            view, word(alert, "labels", "service") or word(alert, "labels", "deployment") or word(alert, "labels", "pod")
        )
        if name and word(alert, "status", "state") != "suppressed":
            _hear(found.setdefault(name, Service(name)), alert)
    for each in found.values():
        workload = next((one for one in view.workloads if one.name == each.name), None)
        each.share = each.cpu.level / _cpu_limit(workload) if each.cpu else 0.0
    return found


def _workload(view: View, label: str) -> str:
    """The workload a label speaks of: its own name, the name of a Service of it, or of one of its pods."""
    if not label or any(each.name == label for each in view.workloads):
        return label
    for each in view.workloads:
        if any(pod.name == label for pod in each.pods) or any(service.name == label for service in view.services_of(each)):
            return each.name
    return label


def _cpu_limit(workload: Workload | None) -> float:
    limits = [quantity(word(each.spec, "resources", "limits", "cpu")) for each in workload.containers] if workload else []
    return sum(limits) or 1.0


def _take(service: Service, series: str, change: Shift) -> None:
    """Put a shift where it belongs, latency in milliseconds."""
    if _LATENCY.search(series):
        scale = 1000.0 if _UNIT.search(series) and "milli" not in series else 1.0
        scaled = Shift(change.usual * scale, change.level * scale, change.score, change.onset, change.until, change.last * scale)
        if _MEDIAN.search(series):
            service.most = scaled
        elif service.slowest is None or scaled.rise > service.slowest.rise:
            service.slowest, service.series = scaled, f"{series} of {service.name}"
    elif _CPU.search(series) and not _THROTTLED.search(series):
        service.cpu = change


def _hear(service: Service, alert: dict[str, object]) -> None:
    name = word(alert, "labels", "alertname")
    text = word(alert, "annotations", "description") or word(alert, "annotations", "summary")
    service.slow_alert |= bool(_SLOW_ALERT.search(f"{name} {text[:60]}"))
    service.error_alert |= bool(_ERROR_ALERT.search(name))
    change = _CHANGE.search(text) if service.slow_alert else None
    if change and service.slowest is None:
        usual, level = float(change[1]), float(change[2])
        service.slowest = Shift(usual, level, 10.0, 0.0, 0.0, level)
    service.alerts.append(other(Source.ALERT, f"{name} {service.name}", text, word(alert, "startsAt")))


def retransmits(view: View) -> dict[str, Shift]:
    """The shift of TCP retransmissions (or dropped packets) of each node."""
    found: dict[str, list[Shift]] = defaultdict(list)
    for series in view.snapshot.metrics or ():
        node = word(series, "metric", "node") or word(series, "metric", "instance")
        if node and re.search(r"retrans|packet_?loss|drop", word(series, "metric", "__name__"), re.I):
            change = shift(points(series))
            if change:
                found[node].append(change)
    return {node: max(some, key=lambda each: each.rise) for node, some in found.items()}
