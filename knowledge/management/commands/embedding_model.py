"""`manage.py embedding_model list|add|drop`: which model makes the vectors of the knowledge base, and changing it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from knowledge.embeddings import changing
from knowledge.embeddings.changing import Wanted
from knowledge.models import EmbeddingModel

ACTOR = "terminal embedding_model"


class Command(BaseCommand):
    """Searches go on while a model is changed; the workers do it, and `list` tells how far they are."""

    help = "Shows, adds or drops the models that make vectors."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One of three things to do."""
        doing = parser.add_subparsers(dest="doing", required=True)
        doing.add_parser("list", help="every model, how it stands, and how many passages it does not know yet")
        add = doing.add_parser("add", help="begin the change to another model")
        add.add_argument("name", help="its name, as the endpoint knows it")
        add.add_argument("--kind", choices=EmbeddingModel.Kind.values, default=EmbeddingModel.Kind.ENDPOINT)
        add.add_argument("--dimension", type=int, required=True, help="how many numbers its vectors have, 2000 at most")
        add.add_argument("--address", default="", help="what comes before /embeddings, such as https://models.example.org/v1")
        add.add_argument("--key-file", type=Path, help="a file that holds the key of the endpoint and nothing else")
        add.add_argument("--private", action="store_true", help="the endpoint is on a network of our own")
        drop = doing.add_parser("drop", help="forget a model that is not active, and its vectors")
        drop.add_argument("name")

    def handle(self, *, doing: str, **given: Any) -> None:
        """Do it, or say why not."""
        try:
            {"list": self._list, "add": self._add, "drop": self._drop}[doing](given)
        except TimonelError as error:
            raise CommandError(str(error)) from error

    def _list(self, given: dict[str, Any]) -> None:
        for model in EmbeddingModel.objects.all():
            lacks, passages = changing.lacking(model)
            self.stdout.write(
                f"{model.name}: {model.get_status_display()}, {model.get_kind_display()}, {model.dimension} dimensions, "
                f"knows {passages - lacks} of {passages} passages{f'; {model.problem}' if model.problem else ''}"
            )

    def _add(self, given: dict[str, Any]) -> None:
        wanted = Wanted(
            given["name"], given["kind"], given["dimension"], given["address"], _key(given["key_file"]), given["private"]
        )
        model = changing.add(Actor.system(ACTOR), wanted)
        self.stdout.write(f"{model.name} is being built by the workers; `manage.py embedding_model list` tells how far it is.")

    def _drop(self, given: dict[str, Any]) -> None:
        model = EmbeddingModel.objects.filter(name=given["name"]).first()
        if model is None:
            known = ", ".join(EmbeddingModel.objects.values_list("name", flat=True))
            raise CommandError(f"There is no model {given['name']}. There are: {known}.")
        changing.drop(Actor.system(ACTOR), model)
        self.stdout.write(f"{model.name} is dropped.")


def _key(file: Path | None) -> str:
    try:
        return file.read_text(encoding="utf-8").strip() if file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read: {error}") from error
