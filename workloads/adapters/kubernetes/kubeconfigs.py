"""Kubeconfigs as text: what one says, and what it may not say here.

A stored kubeconfig was written elsewhere: it must never start a program on this machine (`exec`, `auth-provider`) nor read
its files. Where a person at the terminal names a kubeconfig of theirs, `flattened` reads the files it names and keeps one context.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from controlplane.core.errors import Invalid

LONGEST = 1_000_000  # characters
FLATTEN = "Give the output of `kubectl config view --raw --flatten --minify`."
TOKEN = (
    "Use a service account's token (the cluster's page has the manifests; `kubectl create token` makes one), "
    "or for Amazon EKS connect with --eks."
)
FILES = {
    "cluster": {"certificate-authority": "certificate-authority-data"},
    "user": {"client-certificate": "client-certificate-data", "client-key": "client-key-data", "tokenFile": "token"},
}
REFUSED = {
    "exec": "starts a program for its credentials",
    "auth-provider": "starts a program for its credentials",
    "username": "signs in with a password, which no present Kubernetes takes",
    "as": "acts as somebody else (impersonation)",
    "as-groups": "acts as somebody else (impersonation)",
    "as-user-extra": "acts as somebody else (impersonation)",
    "as-uid": "acts as somebody else (impersonation)",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What one context of a kubeconfig says; PEM where certificates are."""

    server: str
    context: str
    namespace: str = ""
    token: str = field(default="", repr=False)
    authority: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    server_name: str = ""
    unchecked: bool = False
    proxy: str = ""


def read(text: str, context: str = "") -> Told:
    """What a context (empty: the current one) says. Raises Invalid with a cure for all that cannot be used here."""
    name, cluster, user, namespace = _context(_document(text), context)
    _refuse(cluster, user)
    for part, holder in (("cluster", cluster), ("user", user)):
        for path, inline in FILES[part].items():
            if holder.get(path) and not holder.get(inline):
                raise Invalid(f"The kubeconfig names a file ({path}); only what stands in it itself can be used.", cure=FLATTEN)
    certificate, key = _pem(user, "client-certificate-data"), _pem(user, "client-key-data")
    token = str(user.get("token") or "")
    if not token and not (certificate and key):
        raise Invalid("The kubeconfig holds neither a token nor a client certificate with its key.", cure=TOKEN)
    return Told(
        server=_server(cluster),
        context=name,
        namespace=namespace,
        token=token,
        authority=_pem(cluster, "certificate-authority-data"),
        certificate=certificate,
        key=key,
        server_name=str(cluster.get("tls-server-name") or ""),
        unchecked=bool(cluster.get("insecure-skip-tls-verify")),
        proxy=str(cluster.get("proxy-url") or ""),
    )


def flattened(text: str, context: str, folder: Path) -> str:
    """The kubeconfig with one context and its files read in; paths are relative to `folder`. Only for a person at the terminal."""
    name, cluster, user, namespace = _context(_document(text), context)
    _refuse(cluster, user)
    cluster, user = _read_in(cluster, FILES["cluster"], folder), _read_in(user, FILES["user"], folder)
    made = yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": namespace or "default"}}],
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": user}],
        },
        sort_keys=False,
    )
    read(made)
    return made


def _document(text: str) -> dict[str, Any]:
    if len(text) > LONGEST:
        raise Invalid("The kubeconfig is too large.", cure=FLATTEN)
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Invalid("The kubeconfig is no YAML.", cure=FLATTEN) from error
    if not isinstance(found, dict):
        raise Invalid("The kubeconfig is empty or no kubeconfig.", cure=FLATTEN)
    return found


def _context(document: dict[str, Any], wanted: str) -> tuple[str, dict[str, Any], dict[str, Any], str]:
    contexts = _named(document, "contexts", "context")
    name = wanted or str(document.get("current-context") or "") or (next(iter(contexts)) if len(contexts) == 1 else "")
    if name not in contexts:
        choice = ", ".join(contexts) or "none"
        said = f"There is no context {name}" if name else "No context is chosen"
        raise Invalid(f"{said} in the kubeconfig.", cure=f"Its contexts: {choice}.")
    context = contexts[name]
    cluster = _named(document, "clusters", "cluster").get(str(context.get("cluster")))
    user = _named(document, "users", "user").get(str(context.get("user")))
    if cluster is None or user is None:
        raise Invalid(f"The context {name} names a cluster or user that is not in the kubeconfig.", cure=FLATTEN)
    return name, cluster, user, str(context.get("namespace") or "")


def _named(document: dict[str, Any], plural: str, part: str) -> dict[str, dict[str, Any]]:
    items = document.get(plural)
    found = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return {str(item.get("name")): item[part] for item in found if isinstance(item.get(part), dict)}


def _refuse(cluster: dict[str, Any], user: dict[str, Any]) -> None:
    for field_, why in REFUSED.items():
        if user.get(field_):
            raise Invalid(f"The kubeconfig {why} ({field_}); that is refused here.", cure=TOKEN)
    _server(cluster)


def _server(cluster: dict[str, Any]) -> str:
    server = str(cluster.get("server") or "").rstrip("/")
    try:
        parts = urlsplit(server)
        named = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username and parts.port != 0
    except ValueError:
        named = False
    if not named or parts.query or parts.fragment:
        raise Invalid("The kubeconfig's server is no address of an API (https://host:port).", cure=FLATTEN)
    return server


def _pem(holder: dict[str, Any], field_: str) -> str:
    value = str(holder.get(field_) or "")
    try:
        return base64.b64decode(value, validate=False).decode("ascii")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Invalid(f"The kubeconfig's {field_} is no base64 of a PEM text.", cure=FLATTEN) from error


def _read_in(holder: dict[str, Any], files: dict[str, str], folder: Path) -> dict[str, Any]:
    result = {name: value for name, value in holder.items() if name not in files}
    for path, inline in files.items():
        if not holder.get(path) or result.get(inline):
            continue
        place = folder / str(holder[path])
        try:
            content = place.read_bytes()
        except OSError as error:
            raise Invalid(f"The file that the kubeconfig names as {path} cannot be read.", cure=f"Look at {place}.") from error
        plain = inline == "token"
        result[inline] = content.decode("utf-8", "replace").strip() if plain else base64.b64encode(content).decode()
    return result
