"""`manage.py connect-cluster`: keep how a cluster is reached, ask it what we may there, and print that."""

from __future__ import annotations

import getpass
import json
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand
from rich.console import Console
from rich.table import Table

from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, TimonelError
from workloads import cluster_rights, clusters
from workloads.adapters.kubernetes import kubeconfigs
from workloads.models import Cluster
from workloads.terminal import codes

WIDTH = 160
HELP = (
    "Connect a Kubernetes cluster and print which of the rights Timonel needs are there. "
    "Exit codes: 0 connected; 1 not connected, or it does not answer; 2 usage; 3 connected, but needed rights are missing."
)
SIGNS = {"granted": "✓", "missing": "✗", "reduced": "–", "not_installed": "·"}
WORDS = {"granted": "", "missing": "missing", "reduced": "optional, missing", "not_installed": "not in this cluster"}


class ConnectCluster(BaseCommand):
    """Credentials are sealed; a kubeconfig's files are read in here, since who is at the terminal can read them anyway."""

    help = HELP
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("name", metavar="NAME", help="what Timonel calls it; one that is there gets the new credentials")
        parser.add_argument("--kubeconfig", metavar="FILE", help="to read with; default: $KUBECONFIG, or ~/.kube/config")
        parser.add_argument("--context", default="", metavar="C", help="which of its contexts; default: the current one")
        parser.add_argument("--write-kubeconfig", metavar="FILE", help="another identity, to write with")
        parser.add_argument("--write-context", default="", metavar="C")
        parser.add_argument("--eks", metavar="NAME", help="a cluster of Amazon EKS, with this machine's AWS credentials")
        parser.add_argument("--region", default="", help="its AWS region")
        parser.add_argument("--role", default="", metavar="ARN", help="the AWS role to assume")
        parser.add_argument("--in-cluster", action="store_true", help="the cluster Timonel itself runs in")
        parser.add_argument("--prometheus", default="", metavar="URL")
        parser.add_argument("--alertmanager", default="", metavar="URL")
        parser.add_argument(
            "--print-rights", choices=("read", "write"), help="print the manifests that grant it, and connect nothing"
        )
        parser.add_argument(
            "--also", action="append", default=[], choices=sorted(cluster_rights.SETS), help="with --print-rights: this set too"
        )
        parser.add_argument(
            "--namespace", action="append", default=[], metavar="NS", help="rights in this namespace only; may be repeated"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Connect, ask, print."""
        if options["print_rights"]:
            made = cluster_rights.manifests(options["print_rights"], options["namespace"], also=options["also"])
            self.stdout.write(yaml.safe_dump_all(made, sort_keys=False))
            return
        actor = Actor.system(f"terminal ({getpass.getuser()})")
        try:
            cluster = clusters.check(actor, _kept(actor, options))
        except TimonelError as error:
            self.stderr.write(f"✗ {error}")
            sys.exit(codes.FAILED)
        self._show(cluster, as_json=options["json"])
        if any(row["state"] == "missing" for row in cluster.rights):
            sys.exit(codes.REDUCED)

    def _show(self, cluster: Cluster, *, as_json: bool) -> None:
        if as_json:
            told = {"name": cluster.name, "server": cluster.server, "version": cluster.version, "rights": cluster.rights}
            self.stdout.write(json.dumps(told, indent=2))
            return
        console = Console(file=self.stdout, highlight=False, width=None if self.stdout.isatty() else WIDTH)  # type: ignore[arg-type]
        console.print(f"{cluster.name}: Kubernetes {cluster.version} at {cluster.server}", markup=False)
        if cluster.kind == Cluster.Kind.KUBECONFIG and clusters.reader(cluster).unchecked:
            console.print("! Its certificate is not checked (insecure-skip-tls-verify).", style="yellow", markup=False)
        console.print(_table(cluster.rights))
        missing = [row for row in cluster.rights if row["state"] == "missing"]
        if missing:
            identities = sorted({str(row["identity"]) for row in missing})
            console.print(f"✗ {len(missing)} needed rights are missing.", style="red", markup=False)
            for identity in identities:
                console.print(
                    f"  Grant them: manage.py connect-cluster {cluster.name} --print-rights {identity} | kubectl apply -f -"
                )
        else:
            console.print("✓ Every needed right is there.", style="green", markup=False)


def _kept(actor: Actor, options: dict[str, Any]) -> Cluster:
    """The cluster as it is now stored."""
    settings = {"prometheus_url": options["prometheus"], "alertmanager_url": options["alertmanager"]}
    credentials, kind = {}, Cluster.Kind.KUBECONFIG
    if options["eks"]:
        kind = Cluster.Kind.EKS
        settings |= {"aws_cluster": options["eks"], "aws_region": options["region"], "aws_role": options["role"]}
    elif options["in_cluster"]:
        kind = Cluster.Kind.IN_CLUSTER
    else:
        credentials["read"] = _flat(options["kubeconfig"] or _usual(), options["context"])
        if options["write_kubeconfig"]:
            credentials["write"] = _flat(options["write_kubeconfig"], options["write_context"])
    present = Cluster.objects.filter(name=options["name"]).first()
    if present is None:
        return clusters.connect(actor, options["name"], kind, **credentials, **settings)
    if present.kind != kind:
        raise Invalid(f"{present} is reached otherwise ({present.get_kind_display()}).", cure="Choose another name.")
    given = {name: value for name, value in settings.items() if value}
    return clusters.change(actor, present, **credentials, **given)


def _usual() -> str:
    return os.environ.get("KUBECONFIG", "").split(os.pathsep)[0] or str(Path.home() / ".kube" / "config")


def _flat(file: str, context: str) -> str:
    place = Path(file).expanduser()
    try:
        text = place.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(
            f"{place} cannot be read.", cure="Name a kubeconfig with --kubeconfig, or use --eks or --in-cluster."
        ) from error
    return kubeconfigs.flattened(text, context, place.parent)


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("", "identity", "resource", "where", "may", "may not", ""):
        table.add_column(title)
    for row in rows:
        where = row["namespace"] or "everywhere"
        note = WORDS[row["state"]] + (f": {row['why']}" if row["missing"] else "")
        table.add_row(
            *(SIGNS[row["state"]], row["identity"], row["named"], where, " ".join(row["granted"]), " ".join(row["missing"]), note)
        )
    return table
