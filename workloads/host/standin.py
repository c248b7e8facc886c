"""Stand-in until workloads.configuration exists; deleted then."""

from __future__ import annotations

from typing import Any

from workloads.models import Environment


def resolve(environment: Environment, configuration: dict[str, Any], *, port: int) -> dict[str, str]:
    """Values of the configuration."""
    known = {"database.url": environment.database_url or "", "port": str(port), "secret_key": environment.secret_key or "x" * 50}
    known["hosts"] = "127.0.0.1,localhost"
    known["origin"] = f"http://127.0.0.1:{environment.port}"
    return {n: str(e["value"]) if "value" in e else known.get(e["binding"], "") for n, e in configuration.items()}
