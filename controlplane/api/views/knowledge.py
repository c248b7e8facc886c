"""The knowledge base: the search, documents, sources, uploads, and whether it helped."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from agents import shelves
from controlplane.api import parsers
from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.idempotency import once
from controlplane.api.knowledge import (
    AnswerSerializer,
    DocumentSerializer,
    FeedbackRequestSerializer,
    FeedbackSerializer,
    SearchQuery,
    SourceSerializer,
    SourcesQuery,
    UploadQuery,
    WholeDocumentSerializer,
)
from controlplane.api.requests import body
from controlplane.core.errors import NotFound
from knowledge import feedback
from knowledge.models import Document, Passage, Source

BODY = {"text/plain": OpenApiTypes.STR}


class Search(Endpoint):
    """A question."""

    @operation("Search the knowledge base", AnswerSerializer, query=SearchQuery)
    def get(self, request: Request) -> Response:
        """By words and by meaning, in what the asker may find; what is said twice is found once."""
        asked = self.given["q"]
        chosen = {"source": self.given["source"], "language": self.given["language"]}
        found = shelves.find(self.actor, asked, self.given["limit"], **chosen)
        return Response(AnswerSerializer({"question": asked, "results": found}).data)


class OneDocument(Endpoint):
    """One document."""

    @operation("Show a document", WholeDocumentSerializer, errors=(404,))
    def get(self, request: Request, number: int) -> Response:
        """With its text as it was when it was last read."""
        found: Document = _one(shelves.documents(self.actor), "document", number)
        return Response(WholeDocumentSerializer(found).data)


class Sources(Endpoint):
    """Where documents come from."""

    @operation("List sources of documents", page_of(SourceSerializer), query=SourcesQuery)
    def get(self, request: Request) -> Response:
        """Newest first; with how many documents and passages each has."""
        rows = shelves.counted(shelves.visible(self.actor))
        return listed(self, rows, SourceSerializer, {"kind": "kind", "status": "status"})


class Refresh(Endpoint):
    """A source, read anew."""

    @operation("Read a source of documents now", {202: SourceSerializer}, errors=(403, 404, 409), key="optional")
    def post(self, request: Request, number: int) -> Response:
        """Whoever administers what its scope names may. What has not changed is not read again."""
        return once(request, lambda _: self._refresh(number), required=False)

    def _refresh(self, number: int) -> Response:
        shelves.refresh(self.actor, _one(shelves.visible(self.actor), "source", number))
        return Response(SourceSerializer(_one(shelves.counted(shelves.visible(self.actor)), "source", number)).data, 202)


class Uploads(Endpoint):
    """Files into a source of uploaded files."""

    parser_classes = (parsers.Upload,)

    @operation(
        "Upload a document", {201: DocumentSerializer}, errors=(403, 404, 409), request=BODY, query=UploadQuery, key="optional"
    )
    def post(self, request: Request, name: str) -> Response:
        """The body is the file: text in UTF-8, at most 2 MB. It replaces the one at its path."""
        return once(request, lambda _: self._upload(request, name), required=False)

    def _upload(self, request: Any, name: str) -> Response:
        source = shelves.visible(self.actor).filter(name=name).first()
        if source is None:
            raise NotFound(f"There is no source {name}, or you may not see it.")
        content = request.data["content"] if request.data else b""
        return Response(DocumentSerializer(shelves.upload(self.actor, source, self.given["path"], content)).data, 201)


class Feedback(Endpoint):
    """Whether it helped."""

    @operation(
        "Say whether a passage helped", FeedbackSerializer, errors=(403, 404), request=FeedbackRequestSerializer, key="optional"
    )
    def post(self, request: Request) -> Response:
        """Of what a question found; kept to measure the search with, once a person, question and passage."""
        given = body(request, FeedbackRequestSerializer)
        return once(request, lambda _: self._tell(**given), required=False)

    def _tell(self, question: str, passage: int, helped: bool) -> Response:
        found: Passage = _one(shelves.passages(self.actor), "passage", passage)
        return Response(FeedbackSerializer(feedback.give(self.actor, question, found, helped=helped)).data)


def _one(rows: QuerySet[Any], what: str, number: int) -> Any:
    found: Source | Document | Passage | None = rows.filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no {what} {number}, or you may not see it.")
    return found
