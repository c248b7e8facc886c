"""What every way of running Timonel shares. Each setting is read from the environment and listed in the README."""

import os
from pathlib import Path
from typing import Any

from celery.schedules import crontab

from controlplane.settings import env
from controlplane.settings.addresses import database_from_url, mail_from_url
from controlplane.settings.sign_in import *  # noqa: F403

# LangGraph refuses to load unknown types from a checkpoint: a checkpoint is data, never code.
os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(env.text("TIMONEL_DATA", str(BASE_DIR / ".timonel"))).resolve()
# Where the stable addresses of applications listen (process driver).
HOST_ADDRESS = env.text("TIMONEL_HOST_ADDRESS", "127.0.0.1")

SECRET_KEY = env.text("TIMONEL_SECRET_KEY")
# Fernet keys, newest first: the first seals, all open. Rotate by putting a new one in front.
ENCRYPTION_KEYS = env.words("TIMONEL_ENCRYPTION_KEYS")
# Ed25519 keys, newest first: the first signs the audit's heads, all are trusted (core.heads).
AUDIT_KEYS = env.words("TIMONEL_AUDIT_KEYS")
DEBUG = False
ALLOWED_HOSTS = env.words("TIMONEL_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("TIMONEL_TRUSTED_ORIGINS")

# The address people open, without a slash at its end: what links in anything that is sent elsewhere begin with.
PUBLIC_URL = env.text("TIMONEL_PUBLIC_URL", "http://localhost:8000").rstrip("/")

EMBEDDED = False  # whether `manage.py up` runs the servers

INSTALLED_APPS = [
    "controlplane.core.administration_app.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "django_celery_beat",
    "controlplane.core",
    "controlplane.dashboard",
    "controlplane.embedded",
    "workloads",
    "knowledge",
    "agents",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "controlplane.core.middleware.RequestIdMiddleware",
    "controlplane.core.measuring.MeasuringMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "controlplane.core.middleware.ContentSecurityPolicyMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "controlplane.urls"
ASGI_APPLICATION = "controlplane.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "controlplane.dashboard.context.navigation",
            ],
        },
    },
]

DATABASE_URL = env.text("DATABASE_URL")
REDIS_URL = env.text("REDIS_URL")
# Where deployed applications keep queues and caches. Never ours: whoever writes there could give our workers orders.
APPLICATIONS_REDIS_URL = env.text("TIMONEL_APPLICATIONS_REDIS_URL")
DATABASES = {"default": database_from_url(DATABASE_URL)}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL},
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},  # for while the shared one is away
}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}}

# What generated Dockerfiles start from; a tag is made a digest where its registry tells it. {python} and {node} are versions.
BASE_IMAGE = env.text("TIMONEL_BASE_IMAGE", "python:{python}-slim-bookworm")
NODE_IMAGE = env.text("TIMONEL_NODE_IMAGE", "node:{node}-slim")

# The mail server; without one no e-mail is sent, and what would be waits for a day.
_MAIL = mail_from_url(env.text("TIMONEL_EMAIL_URL"))
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.host, _MAIL.port, _MAIL.user, _MAIL.password
EMAIL_USE_SSL, EMAIL_USE_TLS, EMAIL_TIMEOUT = _MAIL.ssl, _MAIL.starttls, 10
DEFAULT_FROM_EMAIL = env.text("TIMONEL_EMAIL_FROM", "Timonel <timonel@localhost>")

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "timonel_session"
CSRF_COOKIE_NAME = "timonel_csrf"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "controlplane" / "locale"]
TIME_ZONE = env.text("TIMONEL_TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "controlplane.core.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["controlplane.api.parsers.LimitedJSON"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "controlplane.core.problems.problem_json",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Timonel",
    "DESCRIPTION": "Every error is a problem (RFC 9457). Lists go on with `next`; what is polled has an ETag.",
    "VERSION": "v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {"RiskEnum": [("low", "Low"), ("medium", "Medium"), ("high", "High")]},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "/static/icon.svg",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
}
# How often one caller of the API may ask in a minute, by token or person; strangers by address.
API_READS_A_MINUTE = env.number("TIMONEL_API_READS_A_MINUTE", 600)
API_WRITES_A_MINUTE = env.number("TIMONEL_API_WRITES_A_MINUTE", 120)
API_STRANGERS_A_MINUTE = env.number("TIMONEL_API_STRANGERS_A_MINUTE", 60)
# How often one source of webhooks may send in a minute.
HOOKS_A_MINUTE = env.number("TIMONEL_HOOKS_A_MINUTE", 600)

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# A task is a wake-up: delivered twice it finds the lease taken and ends, so a short visibility is safe.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 60}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# For how long a repair is watched before the second diagnosis says whether the fault is gone.
INCIDENT_WATCH_SECONDS = env.number("TIMONEL_INCIDENT_WATCH_SECONDS", 120)
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_BEAT_SCHEDULE = {
    "send what waits in the outbox": {"task": "core.relay_outbox", "schedule": 2.0},
    "resume runs whose worker is gone": {"task": "agents.reap_runs", "schedule": 3.0},
    "take up readings whose worker is gone": {"task": "agents.resume_readings", "schedule": 10.0},
    "handle deliveries that were lost": {"task": "agents.react_to_lost", "schedule": 5.0},
    "tell forges how runs stand": {"task": "agents.tell_forges", "schedule": 3.0},
    "expire changes nobody decided": {"task": "agents.expire_changes", "schedule": 15.0},
    "make tomorrow's event partitions": {"task": "agents.prepare_partitions", "schedule": crontab(minute="10")},
    "sign the end of the audit": {"task": "core.export_audit_head", "schedule": crontab(minute="*/5")},
    "prove the audit": {"task": "core.verify_audit_nightly", "schedule": crontab(minute="40", hour="3")},
    "forget what was sent and answered": {"task": "core.forget", "schedule": crontab(minute="30", hour="3")},
    "send notices": {"task": "workloads.send_notices", "schedule": 2.0},
    "forget old notices": {"task": "workloads.prune_notices", "schedule": crontab(minute="50", hour="3")},
    "stop former sets on clusters": {"task": "workloads.settle_clusters", "schedule": 5.0},
    "look for drift on clusters": {"task": "workloads.look_for_drift", "schedule": 30.0},
    "make diagnoses that wait": {"task": "workloads.diagnose", "schedule": 30.0},
    "look for findings on clusters": {"task": "workloads.look_for_findings", "schedule": 60.0},
    "tell which incidents stayed away": {"task": "workloads.tell_ends_of_incidents", "schedule": 60.0},
    "delete old snapshots": {"task": "workloads.prune_snapshots", "schedule": crontab(minute="0", hour="4")},
    "read sources of knowledge anew": {"task": "agents.refresh_sources", "schedule": 60.0},
    "go on with changing the embedding model": {"task": "agents.tend_embeddings", "schedule": 60.0},
    "prune old checkpoints and samples": {"task": "agents.prune", "schedule": crontab(minute="20", hour="3")},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "controlplane.core.redaction.RedactingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("TIMONEL_LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}, "aiohttp.access": {"level": "WARNING"}},
}
