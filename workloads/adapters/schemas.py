"""The schemas of Kubernetes' own kinds, as kubernetes-validate carries them: no cluster is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from kubernetes_validate import utils
from referencing import Registry, Resource

from workloads.manifests.validation import wrong

FOLDER = "kubernetes-json-schema"


def newest(count: int = 5) -> tuple[str, ...]:
    """The newest versions of Kubernetes that are known: "1.37", "1.36", ..."""
    found = dict.fromkeys(
        utils.major_minor(version.removesuffix("-strict").removesuffix("-local")) for version in utils.all_versions()
    )
    return tuple(reversed(found))[:count]


def problems(item: Mapping[str, Any], version: str) -> tuple[str, ...] | None:
    """What the object has that this version of Kubernetes would refuse, unknown fields included; None for a kind it has not."""
    validator = _validator(version, str(item.get("kind", "")), str(item.get("apiVersion", "")))
    return None if validator is None else wrong(validator, item)


@lru_cache(maxsize=512)
def _validator(version: str, kind: str, api: str) -> Draft202012Validator | None:
    if not re.fullmatch(r"[A-Za-z]+", kind):
        return None
    place = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api)  # "rbac.authorization.k8s.io/v1" is "rbac-v1" there
    if not re.fullmatch(r"[a-z0-9-]+", place):
        return None
    try:
        schema = utils.schema_contents(f"{FOLDER}/v{_whole(version)}-local-strict/{kind.lower()}-{place}.json", version)
    except FileNotFoundError:
        return None
    registry: Registry[Any] = Resource.from_contents(schema) @ _definitions(version)
    return Draft202012Validator(schema, registry=registry)


@lru_cache(maxsize=16)
def _definitions(version: str) -> Registry[Any]:
    contents = utils.schema_contents(f"{FOLDER}/v{_whole(version)}-local-strict/_definitions.json", version)
    found: Registry[Any] = Resource.from_contents(contents) @ Registry()
    return found


@lru_cache(maxsize=16)
def _whole(version: str) -> str:
    """ "1.37" as the folder has it: "1.37.0"."""
    return str(next(found for found in utils.all_versions() if utils.major_minor(found) == version)).partition("-")[0]
