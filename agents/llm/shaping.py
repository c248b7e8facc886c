"""Answers held to a shape: how a model is told of it, and what is made of what it said."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ValidationError

from agents.llm.troubles import NoAnswer, Status
from agents.models import ModelEndpoint
from controlplane.core.redaction import redact_value

Structured = ModelEndpoint.Structured
MOST_ERRORS = 10


def told(shape: type[BaseModel]) -> str:
    """The shape in words; belongs into `system` where the endpoint is not held to it by schema."""
    schema = json.dumps(shape.model_json_schema(), ensure_ascii=False)
    return f"Answer with one JSON object of this JSON schema, and with nothing before or after it:\n{schema}"


def body(shape: type[BaseModel], endpoint: ModelEndpoint) -> dict[str, Any]:
    """What holds this endpoint to the shape, as a part of the request."""
    if endpoint.structured == Structured.SCHEMA:
        schema = {"name": shape.__name__, "schema": _strict(shape.model_json_schema()), "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    if endpoint.structured == Structured.JSON:
        return {"response_format": {"type": "json_object"}}
    return {}


def read(text: str, shape: type[BaseModel]) -> BaseModel:
    """The answer as a value of its shape, redacted; raises NoAnswer with what is wrong, in words the model can mend."""
    try:
        return shape.model_validate(redact_value(shape.model_validate(_object(text)).model_dump(mode="json")))
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, one['loc'])) or 'all'}: {one['msg']}" for one in error.errors()[:MOST_ERRORS]]
        raise NoAnswer("; ".join(lines), Status.BROKEN) from error


def _object(text: str) -> Any:
    """The first JSON object in the text: some models talk around it."""
    decoder = json.JSONDecoder()
    for start in _braces(text):
        try:
            return decoder.raw_decode(text, start)[0]
        except (ValueError, RecursionError):
            continue
    raise NoAnswer("There is no JSON object in it.", Status.BROKEN)


def _braces(text: str, most: int = 50) -> list[int]:
    found = [place for place, letter in enumerate(text) if letter == "{"]
    return found[:most]


def _strict(schema: Any) -> Any:
    """The schema as endpoints take it that hold to it strictly: every field named as required, none besides, no defaults."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _strict(value) for key, value in schema.items() if key != "default" or isinstance(value, dict)}
    if found.get("type") == "object" and "properties" in found:
        found |= {"additionalProperties": False, "required": list(found["properties"])}
    return found
