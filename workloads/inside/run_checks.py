"""What Django's own checks say: `manage.py check`, or `check --deploy`, as rows instead of text."""

from typing import Any, Dict

NEEDS = ("settings", "apps")


def answer(options: Dict[str, Any]) -> Dict[str, Any]:
    """Every message that is not silenced; those of deployment only where `deploy` is asked."""
    from django.core.checks import Tags, run_checks

    deploy = bool(options.get("deploy"))
    messages = run_checks(tags=[Tags.security] if deploy else None, include_deployment_checks=deploy)
    return {
        "messages": [
            {
                "level": message.level,
                "id": message.id or "",
                "message": str(message.msg),
                "hint": str(message.hint or ""),
                "place": place_of(message.obj),
            }
            for message in messages
            if not message.is_silenced()
        ]
    }


def place_of(thing: Any) -> str:
    """What the message is about, as Django itself prints it."""
    label = getattr(getattr(thing, "_meta", None), "label", None)
    return str(label or thing or "")[:200]
