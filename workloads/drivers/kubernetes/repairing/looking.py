"""Reading what a repair is about, with the identity that reads. Values of Secrets are read by who writes them only."""

from __future__ import annotations

from controlplane.core.errors import Invalid, Refused
from workloads import clusters
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import BY_NAME, Json, Kind
from workloads.drivers.kubernetes.asking import Patient
from workloads.drivers.kubernetes.errand import Errand
from workloads.repairs import Ref


def kind_of(name: str) -> Kind:
    """A kind by its name. Raises Invalid for one that Timonel does not write."""
    if name not in BY_NAME:
        raise Invalid(f"Timonel knows no {name}.")
    return BY_NAME[name]


def demand_ours(job: Errand, ref: Ref) -> None:
    """Raise Refused for an object of another namespace: that is another environment's, or nobody's of ours."""
    if kind_of(ref.kind).namespaced and ref.namespace != job.namespace:
        raise Refused(
            f"{ref.title} is in the namespace {ref.namespace}, and {job.environment} runs in {job.namespace}.",
            cure="Propose it for the environment that runs there.",
        )


def client_for(job: Errand, kind: str) -> Client:
    """Who may read this kind."""
    return job.patient.client if kind == "Secret" else clusters.reader(job.target.cluster)


def patient_for(job: Errand, kind: str) -> Patient:
    """The same, asked until it answers."""
    return Patient(client_for(job, kind), job.say, job.patient.patience)


def live(job: Errand, ref: Ref) -> Json | None:
    """The object as it is now."""
    kind = kind_of(ref.kind)
    return patient_for(job, ref.kind).ask(lambda client: client.get(kind, ref.name, ref.namespace))
