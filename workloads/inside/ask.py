"""Puts questions to an application from inside: run its manage.py up to Django, set Django up, answer in JSON.

    python ask.py '{"reply": "reply.json", "manage": "manage.py", "questions": {"describe_settings": {}}}'

The reply is a file, because an application may print whatever it likes:
{"python": "3.11.7", "django": "5.2", "answers": {question: {"answer": ...} or {"error": {...}}}}
"""

import contextlib
import importlib.util
import json
import os
import platform
import runpy
import sys
import traceback
from typing import Any, Dict, List, Optional, Sequence

HERE = os.path.dirname(os.path.abspath(__file__))


class ReachedDjango(BaseException):
    """manage.py has prepared everything and would now run a command."""


def main() -> None:
    """Answer what was asked; every failure is an answer too."""
    asked = json.loads(sys.argv[1])
    manage = os.path.abspath(asked["manage"])
    failure = prepare(manage)
    answers: Dict[str, Any] = {}
    for name, options in asked["questions"].items():
        answers[name] = answer(load(name), options, failure, manage)
    reply = {"python": platform.python_version(), "django": django_version(), "answers": answers}
    with open(asked["reply"], "w") as file:
        json.dump(reply, file, default=str)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # neither threads nor exit hooks of the application keep us here


def prepare(manage: str) -> Dict[str, Dict[str, Any]]:
    """Run manage.py until it calls Django, then load settings and apps. Returns the errors by what they spoil."""
    sys.path[0] = os.path.dirname(manage)
    try:
        run_manage(manage)
        from django.conf import settings

        make_folders(load("describe_settings").folders_needed(settings, os.path.dirname(manage)))
    except BaseException as error:
        return {"settings": describe_error(error, "settings", manage)}
    try:
        import django

        django.setup()
    except BaseException as error:
        return {"apps": describe_error(error, "apps", manage)}
    return {}


def make_folders(folders: List[str]) -> None:
    """What the roll-out makes too: folders of SQLite and log files, without which apps may not load."""
    with contextlib.suppress(OSError):  # a folder that cannot be made is told of by whoever needs it
        for folder in folders:
            os.makedirs(folder, exist_ok=True)


def run_manage(manage: str) -> None:
    """What `python manage.py check` does before Django: paths, .env files, the name of the settings module."""
    import django.core.management as management

    def reached(*_arguments: Any, **_named: Any) -> None:
        raise ReachedDjango

    original, management.execute_from_command_line = management.execute_from_command_line, reached
    sys.argv = [manage, "check"]
    try:
        if os.path.exists(manage):
            runpy.run_path(manage, run_name="__main__")
    except ReachedDjango:
        pass
    finally:
        management.execute_from_command_line = original


def load(name: str) -> Any:
    """The question's module, under a name that no application uses and without our folder on its path."""
    spec = importlib.util.spec_from_file_location("_timonel_" + name, os.path.join(HERE, name + ".py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answer(question: Any, options: Dict[str, Any], failure: Dict[str, Dict[str, Any]], manage: str) -> Dict[str, Any]:
    """The answer, or the error that stood in its way."""
    for needed in question.NEEDS:
        if needed in failure:
            return {"error": failure[needed]}
    try:
        return {"answer": question.answer(options)}
    except BaseException as error:
        return {"error": describe_error(error, "question", manage)}


def describe_error(error: BaseException, stage: str, manage: str) -> Dict[str, Any]:
    """The error in its own words, with its place in the application where it has one."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame[0].startswith(HERE)]
    own: Optional[Sequence[Any]] = own_frame(frames, os.path.dirname(manage))
    if isinstance(error, SyntaxError) and error.filename:
        own = (os.path.abspath(error.filename), error.lineno, "", error.text)
    return {
        "stage": stage,
        "type": type(error).__name__,
        "bases": [base.__name__ for base in type(error).__mro__],
        "message": str(error)[:2000],
        "name": str(getattr(error, "name", "") or ""),
        "file": os.path.relpath(own[0], os.path.dirname(manage)) if own else "",
        "line": own[1] if own else None,
        "code": (own[3] or "") if own else "",
        "raised_in": "/".join(frames[-1][0].replace("\\", "/").split("/")[-2:]) if frames else "",
        "cause": f"{type(error.__cause__).__name__}: {error.__cause__}" if error.__cause__ else "",
        "trace": traceback.format_exception(type(error), error, error.__traceback__)[-12:],
    }


def own_frame(frames: List[Any], folder: str) -> Optional[Any]:
    """The innermost frame that is the application's own, not a library's."""
    for frame in reversed(frames):
        inside = frame[0][:1] != "<" and os.path.abspath(frame[0]).startswith(folder + os.sep)
        if inside and "site-packages" not in frame[0]:
            return frame
    return None


def django_version() -> str:
    """The version of Django that this interpreter finds, or nothing."""
    try:
        import django

        return str(django.get_version())
    except BaseException:
        return ""


if __name__ == "__main__":
    main()
