"""A Helm chart. With its own values it gives what would be applied; ConfigMap and Secret keep one name, as charts do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workloads.manifests import marks, names, text
from workloads.manifests.formats import helm_values
from workloads.manifests.formats.helm_templates import templates
from workloads.manifests.profile import Profile
from workloads.manifests.render import render

Json = dict[str, Any]
IGNORED = ".git/\n*.orig\n*.swp\n.DS_Store\n"
NOTES = """{{ .Chart.Name }} {{ .Chart.AppVersion }} is in {{ .Release.Namespace }}.

  kubectl -n {{ .Release.Namespace }} rollout status deployment -l app.kubernetes.io/part-of=NAME
"""
HELPERS = """{{- define "image" -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- end }}

{{- define "existing-secret" -}}
{{ required "Give existingSecret or secrets." .Values.existingSecret }}
{{- end }}

{{- define "secret" -}}
{{ if .Values.secrets }}NAME-secrets{{ else }}{{ include "existing-secret" . }}{{ end }}
{{- end }}

{{- define "migration-secret" -}}
{{ if OWN }}NAME-migrate-secrets{{ else }}{{ include "existing-secret" . }}{{ end }}
{{- end }}
"""


def files(profile: Profile) -> dict[str, str]:
    """The chart's files. Sets have no place in it: they are steps of a roll-out."""
    profile = replace(profile, set="", live=None, share=0, replicas=None, strategy="rolling")
    rendered = render(profile)
    made = {
        "Chart.yaml": text.document(_chart(profile)),
        "values.yaml": helm_values.written(helm_values.values(profile, rendered)),
        ".helmignore": IGNORED,
        "templates/_helpers.tpl": HELPERS.replace("NAME", marks.prefix(profile)).replace("OWN", _own(profile)),
        "templates/NOTES.txt": NOTES.replace("NAME", names.value(profile.application)),
    }
    made |= {f"templates/{name}": content for name, content in templates(profile, rendered)}
    return dict(sorted(made.items()))


def _own(profile: Profile) -> str:
    """Whether the migration, which comes before the release, has a Secret of its own: a template's condition."""
    return "true" if profile.options.secrets.kind == "external" else ".Values.secrets"


def _chart(profile: Profile) -> Json:
    return {
        "apiVersion": "v2",
        "name": marks.prefix(profile),
        "description": f"{profile.application} in {profile.environment}, as Timonel renders it",
        "type": "application",
        "version": f"1.0.{profile.release}",
        "appVersion": names.value(profile.label) or str(profile.release),
    }
