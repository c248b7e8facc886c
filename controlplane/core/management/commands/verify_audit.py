"""`manage.py verify_audit`: prove that no entry of the audit was altered."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from controlplane.core import chain, heads, signing
from controlplane.core.errors import TimonelError

BROKEN, NOT_EVALUATED = 1, 2


class Command(BaseCommand):
    """Compare the chain with itself and with every signed head: `manage.py verify_audit --head copy.jsonl --json`."""

    help = (
        "Prove that the audit was not altered: entry by entry, and against the signed heads that were exported here. "
        "Exit codes: 0 the chain is whole, 1 it is broken, 2 it could not be examined."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("--head", action="append", default=[], type=Path, help="a copy of exported heads too (JSON lines)")
        parser.add_argument("--public-key", action="append", default=[], help="trust this key instead of our own (audit_key)")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of a sentence")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prove, tell, and exit."""
        try:
            trusted = options["public_key"] or signing.public_keys()
            proof = chain.verify(heads.read([*heads.written(), *options["head"]], trusted))
        except (TimonelError, DatabaseError) as error:
            raise CommandError(f"The audit could not be examined: {error}", returncode=NOT_EVALUATED) from error
        self.stdout.write(json.dumps({"whole": proof.whole, **asdict(proof)}) if options["json"] else _sentence(proof))
        if not proof.whole:
            sys.exit(BROKEN)


def _sentence(proof: chain.Proof) -> str:
    if proof.problem:
        return f"The audit is broken at entry {proof.problem.number}. {proof.problem.what}"
    against = f"; it agrees with {proof.heads} signed heads" if proof.heads else "; there is no signed head to compare it with"
    return f"The audit is whole: {proof.entries} entries, the last is {proof.hash}{against}."
