# harbour: made by Timonel from what its repository says of itself.
# Python 3.12 (Django 5.2 is made for Python >=3.10,<=3.14); dependencies named by pip-tools, in the versions its checks ran with.

FROM docker.io/library/python@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_PROGRESS_BAR=off PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1 PATH=/opt/venv/bin:$PATH
RUN python -m venv /opt/venv
COPY [".timonel/requirements.txt", "/opt/timonel/requirements.txt"]
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=ca,target=/run/secrets/ca \
    pip install --no-cache-dir --requirement /opt/timonel/requirements.txt
COPY [".", "/app/source"]
WORKDIR /app/source
RUN export DEBUG=False \
        SECRET_KEY=only-for-the-build \
        DJANGO_SETTINGS_MODULE=harbour.settings \
    && python manage.py collectstatic --noinput
RUN rm -rf /app/source/.timonel \
    && install --directory --owner=10001 --group=10001 /app/source

FROM docker.io/library/python@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
LABEL org.opencontainers.image.title="harbour" \
    org.opencontainers.image.source="https://git.example.org/harbour.git" \
    org.opencontainers.image.base.name="python:3.12-slim-bookworm"
RUN groupadd --gid 10001 app \
    && useradd --uid 10001 --gid app --no-log-init --no-create-home --home-dir /tmp --shell /usr/sbin/nologin app
COPY --from=builder ["/opt/venv", "/opt/venv"]
COPY --from=builder ["/app", "/app"]
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED="1" \
    PYTHONDONTWRITEBYTECODE="1" \
    HOME="/tmp" \
    DJANGO_SETTINGS_MODULE="harbour.settings"
WORKDIR /app/source
EXPOSE 8000
USER 10001:10001
HEALTHCHECK NONE
CMD ["gunicorn", "harbour.wsgi:application", "--bind", "0.0.0.0:8000", "--workers", "2", "--access-logfile", "-", "--error-logfile", "-"]
