"""Timonel with its embedded servers, as `manage.py up` runs it.

`up` writes the addresses of what it started to DATA_DIR/run/services.json and the keys to DATA_DIR/secrets;
every command finds them there. Variables of the environment win.
"""

from controlplane.settings import env
from controlplane.settings.services import published

env.DEFAULTS.update(published())

from controlplane.settings.base import *  # noqa: E402, F403
from controlplane.settings.base import SECRET_KEY  # noqa: E402

EMBEDDED = True
if not SECRET_KEY:
    SECRET_KEY = "not-secret-no-server-has-been-started-yet"

DEBUG = env.flag("TIMONEL_DEBUG")
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True  # passkeys on http://localhost
