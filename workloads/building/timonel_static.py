"""Collects static files for settings that name no STATIC_ROOT: `python -m timonel_static FOLDER`.

Copied into the environments of applications and run by their interpreters: Python 3.6 and later, Django 1.8 and later.
"""

import sys
from pathlib import Path


def main():
    # type: () -> None
    """Collect into the folder that is given."""
    sys.path.insert(0, str(Path.cwd()))
    import django
    from django.conf import settings
    from django.core.management import call_command

    if not settings.STATIC_ROOT:  # before any application looks at the storage
        settings.STATIC_ROOT = str(Path(sys.argv[1]).resolve())
    django.setup()
    call_command("collectstatic", interactive=False, verbosity=1)


if __name__ == "__main__":
    main()
