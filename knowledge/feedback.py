"""Whether what was found helped: one answer a person, question and passage, the last one counts.

Not audited: it changes nothing that anybody sees, and what everybody says is for measuring, not for answering for.
"""

from __future__ import annotations

from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, Refused
from controlplane.core.plain import storable
from controlplane.core.rights import person
from knowledge.models import Feedback, Passage

LONGEST = 1_000  # characters of a question


def give(actor: Actor, question: str, passage: Passage, *, helped: bool) -> Feedback:
    """Keep what the person says. Raises Invalid without a question, Refused for what is no person."""
    who, asked = person(actor), asked_as(question)
    if who is None:
        raise Refused("Only people say what helped them.")
    if not asked:
        raise Invalid("There is no question.", cure="Send the question with which the passage was found.")
    document = f"{passage.document.source.name}: {passage.document.path}"[:600]
    told, _ = Feedback.objects.update_or_create(
        question=asked, passage=passage, given_by=who.get_username(), defaults={"helped": helped, "document": document}
    )
    return told


def given(actor: Actor, question: str, passages: list[int]) -> dict[int, bool]:
    """What the person said of these passages, found with this question."""
    who = person(actor)
    rows = Feedback.objects.filter(question=asked_as(question), given_by=who.get_username() if who else "", passage__in=passages)
    return {number: helped for number, helped in rows.values_list("passage", "helped") if number is not None}


def asked_as(question: str) -> str:
    """The question as it is kept."""
    return storable(question).strip()[:LONGEST]
