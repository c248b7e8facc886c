"""Timonel with its embedded servers, as `manage.py up` runs it.

`up` writes the addresses of what it started to DATA_DIR/run/services.json and the secrets to DATA_DIR/secrets;
a command in another terminal finds them there. Variables of the environment win.
"""

import os

from controlplane.settings import env
from controlplane.settings.services import publish_to_environment

publish_to_environment()

from controlplane.settings.base import *  # noqa: E402, F403

if not os.environ.get("TIMONEL_SECRET_KEY"):
    SECRET_KEY = "not-secret-no-server-has-been-started-yet"

DEBUG = env.flag("TIMONEL_DEBUG")
