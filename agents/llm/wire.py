"""The one way to a model: langchain-openai over Timonel's guarded client. Nothing of this machine goes along.

Imported lazily by `agents.llm.calling`, because its libraries take a second to load and most processes ask no model.
No environment is read: not for keys, not for proxies, not for tracing. What goes out are the headers named here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_openai import AzureChatOpenAI, ChatOpenAI
from langsmith.run_helpers import tracing_context
from pydantic import SecretStr

from agents.models import ModelEndpoint
from controlplane.core import outward
from controlplane.core.errors import OutsideError

HEADERS = frozenset({"host", "accept", "connection", "content-type", "content-length", "authorization", "api-key"})
NO_KEY = "none"  # what an endpoint without a key is sent: the library insists on one
Kind = ModelEndpoint.Kind


class Wire:
    """A connection to one endpoint, for one call. `most_bytes` bounds everything that comes back."""

    def __init__(self, endpoint: ModelEndpoint, *, seconds: float, most_bytes: int) -> None:
        self._endpoint = endpoint
        self._client = outward.client(timeout=seconds, private=endpoint.private)
        self._client.event_hooks = {
            "request": [*self._client.event_hooks["request"], self._only_what_is_needed],
            "response": [lambda response: _bound(response, most_bytes)],
        }
        self._model = _model(endpoint, self._client, seconds)

    def stream(
        self, messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]], body: dict[str, Any]
    ) -> Iterator[AIMessageChunk]:
        """The answer as it comes. Raises what the libraries below raise."""
        offered: dict[str, Any] = {"tools": list(tools)} if tools else {}
        with tracing_context(enabled=False):
            for chunk in self._model.stream(list(messages), extra_body=body, **offered):
                assert isinstance(chunk, AIMessageChunk)
                yield chunk

    def close(self) -> None:
        """Hang up; whoever listens in another thread hears it."""
        self._client.close()

    def _only_what_is_needed(self, request: httpx.Request) -> None:
        """Ask the endpoint's own host only, with its own key, and tell nothing about who asks."""
        home = urlsplit(self._endpoint.address)
        if (request.url.scheme, request.url.host) != (home.scheme, (home.hostname or "").lower()):
            raise OutsideError("A request to another host than the endpoint's was held back.")
        for name in [name for name in request.headers if name.lower() not in HEADERS]:
            del request.headers[name]
        request.headers["accept-encoding"] = "identity"
        request.headers["user-agent"] = "timonel"


class _Bounded(httpx.SyncByteStream):
    """A body that ends with an error once it is larger than anybody would write."""

    def __init__(self, body: httpx.SyncByteStream, most: int) -> None:
        self._body, self._left = body, most

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._body:
            self._left -= len(chunk)
            if self._left < 0:
                raise OutsideError("It answered more than it was allowed to.", cure="Look at what this endpoint is.")
            yield chunk

    def close(self) -> None:
        self._body.close()


def _bound(response: httpx.Response, most: int) -> None:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise OutsideError("It answered compressed, which it was not asked to.", cure="Switch compression off there.")
    assert isinstance(response.stream, httpx.SyncByteStream)
    response.stream = _Bounded(response.stream, most)


def _model(endpoint: ModelEndpoint, client: httpx.Client, seconds: float) -> ChatOpenAI | AzureChatOpenAI:
    """Every setting said, so that none is looked for in the environment."""
    said: dict[str, Any] = {
        "api_key": SecretStr(endpoint.key or NO_KEY),
        "http_client": client,
        "http_async_client": httpx.AsyncClient(transport=httpx.AsyncBaseTransport(), trust_env=False),  # goes nowhere
        "max_retries": 0,
        "timeout": seconds,
        "stream_usage": True,
        "use_responses_api": False,
        "openai_proxy": "",
        "cache": False,
    }
    if endpoint.kind == Kind.AZURE:
        said |= {"azure_endpoint": endpoint.address, "azure_deployment": endpoint.model, "azure_ad_token": None}
        return AzureChatOpenAI(api_version=endpoint.api_version, **said)
    return ChatOpenAI(model=endpoint.model, base_url=endpoint.address.rstrip("/"), **said)
