"""Asking an image registry (OCI distribution specification 1.1): which digest a name has, what the image is made of."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from controlplane.core import outward
from controlplane.core.errors import DeadlineExceeded, Invalid, NotFound, OutsideError
from workloads.adapters.builders import Login
from workloads.images.reference import DIGEST, HUB, Reference

SECONDS = 20.0  # for one question with its sign-in
LARGEST = 4 * 1024**2  # bytes; what registries allow a manifest
ACCEPT = (
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
)
NUMBER = re.compile(r"[\d.]+|.*:.*")  # an address, not a name
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Found:
    """An image that is there: its digest, the bytes it takes compressed, its layers. `size` is None for an index of platforms."""

    digest: str
    size: int | None
    layers: int | None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: httpx.Headers
    content: bytes


def look(image: Reference, login: Login, *, private: bool = False, seconds: float = SECONDS) -> Found | None:
    """The image by its digest, or else its tag; None where the registry has none of that name.

    Raises OutsideError with the cure when the registry does not answer, or does not let us in.
    `private`: an administrator named it, so it may be on our own network.
    """
    wanted = image.digest or image.tag or "latest"
    answer = _manifest(image, wanted, login, private, seconds)
    if answer.status == 404:
        return None
    if answer.status != 200:
        raise _refusal(image, answer)
    digest = f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
    told = answer.headers.get("docker-content-digest", digest)
    if (image.digest and digest != image.digest) or (DIGEST.match(told) and told != digest):
        raise OutsideError(f"{image.registry} answers something else than {image} names.", cure="Do not trust this registry.")
    return _found(digest, answer.content, image)


def resolve(image: Reference, login: Login, *, private: bool = False, seconds: float = SECONDS) -> Reference:
    """The image with its digest. Raises NotFound where the registry has none of that name."""
    found = look(image, login, private=private, seconds=seconds)
    if found is None:
        raise NotFound(f"{image.registry} has no image {image}.", cure="Push it first, or look at its name and tag.")
    return image.at(found.digest)


def _found(digest: str, content: bytes, image: Reference) -> Found:
    try:
        manifest: Any = json.loads(content)
        layers = manifest.get("layers")
        size = sum(int(layer["size"]) for layer in layers) if layers is not None else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OutsideError(f"{image.registry} answers no manifest for {image}.", cure="Is this address a registry?") from error
    return Found(digest, size, len(layers) if layers is not None else None)


def _manifest(image: Reference, wanted: str, login: Login, private: bool, seconds: float) -> _Answer:
    """The manifest; a registry that asks for a token is answered with one."""
    end, url = time.monotonic() + seconds, f"{_address(image, login)}/v2/{image.repository}/manifests/{wanted}"
    try:
        with outward.client(timeout=seconds / 2, private=private) as client:
            answer = _ask(client, url, {"Accept": ACCEPT}, end, image)
            if answer.status == 401:
                granted = _granted(client, answer, image, login, end)
                answer = _ask(client, url, {"Accept": ACCEPT, "Authorization": granted}, end, image) if granted else answer
            return answer
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        said = str(error) or type(error).__name__
        raise OutsideError(
            f"The registry {image.registry} does not answer: {said}.", cure="Look at its address and the network."
        ) from error
    except Invalid as error:
        cure = "Add it to the registries in the administration: what is there may be on a private network."
        raise Invalid(error.message, cure=cure) from error


def _address(image: Reference, login: Login) -> str:
    host = "registry-1.docker.io" if image.registry == HUB else image.registry
    return f"{'http' if login.insecure else 'https'}://{host}"


def _ask(client: httpx.Client, url: str, headers: dict[str, str], end: float, image: Reference) -> _Answer:
    content = b""
    with client.stream("GET", url, headers={"User-Agent": "Timonel", **headers}) as answer:
        for piece in answer.iter_bytes():
            content += piece
            if time.monotonic() > end:
                raise DeadlineExceeded(f"The registry {image.registry} did not answer in time.", cure="Try again.")
            if len(content) > LARGEST:
                raise OutsideError(
                    f"{image.registry} answers with more than a manifest may hold.", cure="Is this address a registry?"
                )
        return _Answer(answer.status_code, answer.headers, content)


def _granted(client: httpx.Client, answer: _Answer, image: Reference, login: Login, end: float) -> str:
    """The Authorization that the registry's challenge asks for; empty where we have none to give."""
    scheme, _, rest = answer.headers.get("www-authenticate", "").partition(" ")
    basic = f"Basic {base64.b64encode(f'{login.user}:{login.password}'.encode()).decode()}" if login.user else ""
    if scheme.lower() != "bearer":
        return basic
    told = dict(CHALLENGE.findall(rest))
    realm = told.get("realm", "")
    if urlsplit(realm).scheme != "https" and not login.insecure:
        return ""
    query = {"service": told.get("service", ""), "scope": f"repository:{image.repository}:pull"}
    known = {"Authorization": basic} if basic and _of_the_same(realm, _address(image, login)) else {}
    token = _ask(client, f"{realm}?{urlencode(query)}", known, end, image)
    if token.status != 200:
        return ""
    try:
        given = json.loads(token.content)
        return f"Bearer {given.get('token') or given['access_token']}"
    except (ValueError, KeyError, AttributeError):
        return ""


def _of_the_same(realm: str, registry: str) -> bool:
    """Whether who gives tokens may be told the registry's password: the same host, or one beside it under one name, as
    auth.docker.io is beside registry-1.docker.io and gitlab.example.com beside registry.example.com."""
    theirs, its = (urlsplit(address).hostname or "" for address in (realm, registry))
    if theirs == its:
        return True
    if NUMBER.fullmatch(theirs) or NUMBER.fullmatch(its):
        return False
    names = (its, theirs, its.partition(".")[2])
    return any("." in name and all(f".{host}".endswith(f".{name}") for host in (theirs, its)) for name in names)


def _refusal(image: Reference, answer: _Answer) -> OutsideError:
    if answer.status in {401, 403}:
        cure = "Add the registry with a user and password that may read it, in the administration."
        return OutsideError(f"The registry {image.registry} does not let us see {image.repository}.", cure=cure)
    if answer.status == 429:
        return OutsideError(f"The registry {image.registry} was asked too often.", cure="Try again later, or sign in there.")
    return OutsideError(f"The registry {image.registry} answered {answer.status} for {image}.", cure="Is this address a registry?")
