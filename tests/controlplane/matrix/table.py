"""The role matrix as a table: a line an address and method, a column a kind of caller.

302 from a page leads to sign-in; 303 is a form that did its work; 404 is also the answer to who may not know of the thing.
The roles of the third to the sixth column are held in one application; `every` is an administrator everywhere. `read` is a
token of that administrator which may only view and only there, `else` one for an environment of another application: tokens
open the API and no page. What has no line is denied.
One's own account is everybody's: its lines tell of a person without a password and without a second factor here.
"""

from __future__ import annotations

PAGES = """
                                                                                   ano non vie ope app adm eve sup rea els
POST   i18n/setlang/                                                               302 302 302 302 302 302 302 302 302 302
GET    (itself)                                                                    302 200 200 200 200 200 200 200 302 302
GET    search/                                                                     302 200 200 200 200 200 200 200 302 302
GET    inbox/                                                                      302 200 200 200 200 200 200 200 302 302
GET    applications/<int:application_id>/                                          302 404 200 200 200 200 200 200 302 302
GET    applications/<int:application_id>/compare/                                  302 404 200 200 200 200 200 200 302 302
POST   applications/<int:application_id>/deploy/                                   302 404 403 303 403 303 303 303 302 302
POST   applications/<int:application_id>/promote/                                  302 404 403 303 403 303 303 303 302 302
GET    environments/menu/                                                          302 200 200 200 200 200 200 200 302 302
GET    environments/<int:environment_id>/                                          302 404 200 200 200 200 200 200 302 302
GET    environments/<int:environment_id>/state/                                    302 404 200 200 200 200 200 200 302 302
GET    environments/<int:environment_id>/log/<int:instance_id>/<slug:process>/     302 404 200 200 200 200 200 200 302 302
GET    environments/<int:environment_id>/chart/<slug:metric>.json                  302 404 200 200 200 200 200 200 302 302
GET    environments/<int:environment_id>/cluster/                                  302 404 200 200 200 200 200 200 302 302
GET    environments/<int:environment_id>/pods/<str:pod>/                           302 404 200 200 200 200 200 200 302 302
GET    environments/<int:environment_id>/pod-logs/                                 302 404 200 200 200 200 200 200 302 302
GET    environments/<int:environment_id>/pod-logs/lines/                           302 404 200 200 200 200 200 200 302 302
GET    environments/<int:environment_id>/diagnosis/                                302 404 200 200 200 200 200 200 302 302
POST   environments/<int:environment_id>/diagnosis/ask/                            302 404 403 303 403 303 303 303 302 302
POST   environments/<int:environment_id>/diagnosis/propose/                        302 404 403 404 403 404 404 404 302 302
POST   changes/<int:change_id>/undo/                                               302 404 403 403 403 403 403 403 302 302
GET    environments/<int:environment_id>/ask/                                      302 404 200 200 200 200 200 200 302 302
POST   environments/<int:environment_id>/ask/question/                             302 404 403 303 403 303 303 303 302 302
POST   questions/<int:inquiry_id>/cancel/                                          302 404 403 303 403 303 303 303 302 302
POST   environments/<int:environment_id>/mend/                                     302 404 403 409 403 409 409 409 302 302
POST   environments/<int:environment_id>/roll-back/                                302 404 403 303 303 303 303 303 302 302
POST   environments/<int:environment_id>/release-hold/                             302 404 403 403 403 303 303 303 302 302
POST   environments/<int:environment_id>/variables/set/                            302 404 403 303 403 303 303 303 302 302
POST   environments/<int:environment_id>/variables/remove/                         302 404 403 303 403 303 303 303 302 302
GET    runs/                                                                       302 200 200 200 200 200 200 200 302 302
GET    runs/<int:run_id>/                                                          302 404 200 200 200 200 200 200 302 302
GET    runs/<int:run_id>/state/                                                    302 404 200 200 200 200 200 200 302 302
GET    runs/<int:run_id>/events/                                                   302 404 200 200 200 200 200 200 302 302
GET    runs/<int:run_id>/log/                                                      302 404 200 200 200 200 200 200 302 302
GET    runs/<int:run_id>/log/lines/                                                302 404 200 200 200 200 200 200 302 302
POST   runs/<int:run_id>/cancel/                                                   302 404 403 303 403 303 303 303 302 302
POST   runs/<int:run_id>/retry/                                                    302 404 403 303 403 303 303 303 302 302
GET    changes/<int:change_id>/                                                    302 404 200 200 200 200 200 200 302 302
GET    changes/<int:change_id>/state/                                              302 404 200 200 200 200 200 200 302 302
GET    changes/<int:change_id>/preview.json                                        302 404 200 200 200 200 200 200 302 302
POST   changes/<int:change_id>/schedule/                                           302 404 403 403 303 303 303 303 302 302
POST   changes/<int:change_id>/decide/                                             302 404 403 403 303 303 303 303 302 302
GET    deployments/                                                                302 200 200 200 200 200 200 200 302 302
GET    findings/                                                                   302 200 200 200 200 200 200 200 302 302
POST   findings/<int:finding_id>/suppress/                                         302 404 403 403 303 303 303 303 302 302
POST   findings/<int:finding_id>/count-again/                                      302 404 403 403 409 409 409 409 302 302
GET    incidents/                                                                  302 200 200 200 200 200 200 200 302 302
GET    incidents/<int:incident_id>/                                                302 404 200 200 200 200 200 200 302 302
GET    incidents/<int:incident_id>/alerts/                                         302 404 200 200 200 200 200 200 302 302
POST   environments/<int:environment_id>/remedies/stop/                            302 404 403 409 409 409 409 409 302 302
POST   environments/<int:environment_id>/remedies/resume/                          302 404 403 403 403 409 409 409 302 302
POST   incidents/<int:incident_id>/resolve/                                        302 404 403 303 403 303 303 303 302 302
POST   incidents/open/                                                             302 404 403 303 403 303 303 303 302 302
POST   incidents/<int:incident_id>/look-again/                                     302 404 403 303 403 303 303 303 302 302
POST   incidents/<int:incident_id>/choose/                                         302 404 403 404 403 404 404 404 302 302
POST   incidents/<int:incident_id>/post-mortem/                                    302 404 403 303 403 303 303 303 302 302
GET    metrics/                                                                    302 200 200 200 200 200 200 200 302 302
GET    metrics/<slug:chart>.json                                                   302 200 200 200 200 200 200 200 302 302
GET    specialists/                                                                302 200 200 200 200 200 200 200 302 302
GET    audit/                                                                      302 403 403 403 403 403 200 200 302 302
GET    audit/<int:number>/                                                         302 403 403 403 403 403 200 200 302 302
GET    audit/proof/                                                                302 403 403 403 403 403 200 200 302 302
POST   audit/verify/                                                               302 403 403 403 403 403 303 303 302 302
GET    audit/export.<str:form>                                                     302 403 403 403 403 403 200 200 302 302
GET    changes/<int:change_id>/reading/                                            302 404 200 200 200 200 200 200 302 302
GET    webhooks/                                                                   302 200 200 200 200 200 200 200 302 302
GET    webhooks/<int:delivery_id>/                                                 302 404 404 404 404 200 200 200 302 302
GET    webhooks/<int:delivery_id>/state/                                           302 404 404 404 404 200 200 200 302 302
POST   webhooks/<int:delivery_id>/handle-again/                                    302 404 404 404 404 303 303 303 302 302
POST   environments/<int:environment_id>/lock/                                     302 404 403 409 409 409 409 409 302 302
POST   environments/<int:environment_id>/unlock/                                   302 404 403 403 403 303 303 303 302 302
POST   environments/<int:environment_id>/stop/                                     302 404 403 409 409 409 409 409 302 302
POST   environments/<int:environment_id>/lift/                                     302 404 403 403 403 303 303 303 302 302
POST   changes/<int:change_id>/exception/                                          302 404 403 403 403 303 303 303 302 302
POST   stop-everything/                                                            302 403 403 403 403 403 409 409 302 302
POST   lift-everything/                                                            302 403 403 403 403 403 303 303 302 302
GET    notifications/                                                              302 403 403 403 403 403 200 200 302 302
GET    notifications/<int:notification_id>/                                        302 403 403 403 403 403 200 200 302 302
POST   notifications/<int:notification_id>/send-again/                             302 403 403 403 403 403 303 303 302 302
GET    knowledge/                                                                  302 200 200 200 200 200 200 200 302 302
GET    knowledge/documents/<int:document_id>/                                      302 404 200 200 200 200 200 200 302 302
POST   knowledge/passages/<int:passage_id>/tell/                                   302 404 303 303 303 303 303 303 302 302
GET    knowledge/feedback.csv                                                      302 403 403 403 403 403 200 200 302 302
GET    knowledge/sources/                                                          302 200 200 200 200 200 200 200 302 302
GET    knowledge/sources/<int:source_id>/                                          302 404 200 200 200 200 200 200 302 302
POST   knowledge/sources/<int:source_id>/refresh/                                  302 404 403 403 403 303 303 303 302 302
GET    clusters/                                                                   302 403 403 403 403 403 200 200 302 302
GET    clusters/<slug:cluster>/                                                    302 403 403 403 403 403 200 200 302 302
GET    clusters/<slug:cluster>/rights-<slug:identity>.yaml                         302 403 403 403 403 403 200 200 302 302
POST   clusters/<slug:cluster>/check/                                              302 403 403 403 403 403 303 303 302 302
"""
ACCOUNT = """
GET    sign-in/                                                                    200 302 302 302 302 302 302 302 200 200
POST   sign-in/                                                                    200 302 302 302 302 302 302 302 200 200
POST   sign-out/                                                                   302 302 302 302 302 302 302 302 302 302
GET    sign-in/inactive/                                                           200 200 200 200 200 200 200 200 200 200
GET    sign-in/second-factor/                                                      302 302 302 302 302 302 302 302 302 302
POST   sign-in/second-factor/                                                      302 302 302 302 302 302 302 302 302 302
GET    sign-in/passkey/                                                            302 302 302 302 302 302 302 302 302 302
POST   sign-in/passkey/                                                            302 302 302 302 302 302 302 302 302 302
GET    sign-in/with/<slug:provider_id>/                                            404 302 302 302 302 302 302 302 404 404
GET    sign-in/with/<slug:provider_id>/back/                                       404 302 302 302 302 302 302 302 404 404
GET    sign-in/cancelled/                                                          200 200 200 200 200 200 200 200 200 200
GET    sign-in/failed/                                                             401 401 401 401 401 401 401 401 401 401
GET    account/                                                                    302 200 200 200 200 200 200 200 302 302
POST   account/profile/                                                            302 303 303 303 303 303 303 303 302 302
POST   account/tokens/                                                             302 200 200 200 200 200 200 200 302 302
POST   account/tokens/<int:token_id>/revoke/                                       302 404 404 404 404 404 404 404 302 302
GET    account/sessions/                                                           302 200 200 200 200 200 200 200 302 302
POST   account/sessions/                                                           302 302 302 302 302 302 302 302 302 302
GET    account/password/                                                           302 403 403 403 403 403 403 403 302 302
POST   account/password/                                                           302 403 403 403 403 403 403 403 302 302
GET    account/confirm/                                                            302 403 403 403 403 403 403 403 302 302
POST   account/confirm/                                                            302 403 403 403 403 403 403 403 302 302
GET    account/confirm/code/                                                       302 403 403 403 403 403 403 403 302 302
POST   account/confirm/code/                                                       302 403 403 403 403 403 403 403 302 302
GET    account/confirm/passkey/                                                    302 403 403 403 403 403 403 403 302 302
POST   account/confirm/passkey/                                                    302 403 403 403 403 403 403 403 302 302
GET    account/two-factor/                                                         302 200 200 200 200 200 200 200 302 302
GET    account/two-factor/app/add/                                                 302 200 200 200 200 200 200 200 302 302
POST   account/two-factor/app/add/                                                 302 200 200 200 200 200 200 200 302 302
GET    account/two-factor/app/remove/                                              302 404 404 404 404 404 404 404 302 302
POST   account/two-factor/app/remove/                                              302 404 404 404 404 404 404 404 302 302
GET    account/two-factor/codes/                                                   302 404 404 404 404 404 404 404 302 302
GET    account/two-factor/codes/download/                                          302 404 404 404 404 404 404 404 302 302
GET    account/two-factor/codes/make/                                              302 200 200 200 200 200 200 200 302 302
POST   account/two-factor/codes/make/                                              302 200 200 200 200 200 200 200 302 302
GET    account/two-factor/passkeys/                                                302 200 200 200 200 200 200 200 302 302
GET    account/two-factor/passkeys/add/                                            302 200 200 200 200 200 200 200 302 302
POST   account/two-factor/passkeys/add/                                            302 200 200 200 200 200 200 200 302 302
GET    account/two-factor/passkeys/<int:pk>/remove/                                302 404 404 404 404 404 404 404 302 302
POST   account/two-factor/passkeys/<int:pk>/remove/                                302 404 404 404 404 404 404 404 302 302
GET    account/two-factor/passkeys/<int:pk>/rename/                                302 404 404 404 404 404 404 404 302 302
POST   account/two-factor/passkeys/<int:pk>/rename/                                302 404 404 404 404 404 404 404 302 302
POST   account/notifications/                                                      302 303 303 303 303 303 303 303 302 302
"""
API = """
GET    applications                            401 200 200 200 200 200 200 200 200 200
GET    applications/<name:name>                401 404 200 200 200 200 200 200 200 404
POST   applications/<name:name>/environments   401 404 403 403 403 201 201 201 403 404
GET    applications/<name:name>/compare        401 404 200 200 200 200 200 200 200 404
POST   applications/<name:name>/reports        401 404 403 201 403 201 201 201 403 404
GET    environments/<number:number>/workloads  401 404 502 502 502 502 502 502 502 404
GET    environments/<number:number>/diagnoses  401 404 200 200 200 200 200 200 200 404
POST   environments/<number:number>/diagnoses  401 404 403 202 403 202 202 202 403 404
GET    diagnoses/<number:number>/offers        401 404 200 200 200 200 200 200 200 404
POST   diagnoses/<number:number>/offers/<slug:key>/propose 401 404 403 404 403 404 404 404 403 404
POST   changes/<number:number>/undo            401 404 403 403 403 403 403 403 403 404
GET    environments/<number:number>/questions  401 404 200 200 200 200 200 200 200 404
POST   environments/<number:number>/questions  401 404 403 202 403 202 202 202 403 404
GET    questions/<number:number>               401 404 200 200 200 200 200 200 200 404
POST   questions/<number:number>/cancel        401 404 403 202 403 202 202 202 403 404
GET    audit                                   401 403 403 403 403 403 200 200 403 403
GET    changes                                 401 200 200 200 200 200 200 200 200 200
GET    changes/<number:number>                 401 404 200 200 200 200 200 200 200 404
GET    changes/<number:number>/diff            401 404 200 200 200 200 200 200 200 404
POST   changes/<number:number>/approve         401 404 403 403 200 200 200 200 403 404
POST   changes/<number:number>/reject          401 404 403 403 200 200 200 200 403 404
POST   changes/<number:number>/override        401 404 403 403 403 200 200 200 403 404
POST   changes/<number:number>/schedule        401 404 403 403 200 200 200 200 403 404
POST   changes/<number:number>/withdraw        401 404 403 200 403 200 200 200 403 404
GET    deployments                             401 200 200 200 200 200 200 200 200 200
POST   deployments                             401 404 403 202 403 202 202 202 403 404
GET    deployments/<number:number>             401 404 200 200 200 200 200 200 200 404
GET    environments                            401 200 200 200 200 200 200 200 200 200
GET    findings                                401 200 200 200 200 200 200 200 200 200
GET    findings/<number:number>                401 404 200 200 200 200 200 200 200 404
POST   findings/<number:number>/suppress       401 404 403 403 200 200 200 200 403 404
GET    health                                  200 200 200 200 200 200 200 200 200 200
GET    incidents                               401 200 200 200 200 200 200 200 200 200
GET    incidents/<number:number>               401 404 200 200 200 200 200 200 200 404
GET    incidents/<number:number>/alerts        401 404 200 200 200 200 200 200 200 404
GET    environments/<number:number>/remedies   401 404 200 200 200 200 200 200 200 404
POST   incidents/<number:number>/resolve       401 404 403 200 403 200 200 200 403 404
POST   incidents                               401 404 403 201 403 201 201 201 403 404
POST   incidents/<number:number>/look-again    401 404 403 202 403 202 202 202 403 404
GET    incidents/<number:number>/remedies      401 404 404 404 404 404 404 404 404 404
POST   incidents/<number:number>/remedies      401 404 403 404 403 404 404 404 403 404
GET    incidents/<number:number>/post-mortem   401 404 404 404 404 404 404 404 404 404
POST   incidents/<number:number>/post-mortem   401 404 403 200 403 200 200 200 403 404
GET    me                                      401 200 200 200 200 200 200 200 200 200
GET    metrics                                 401 403 403 403 403 403 200 200 403 403
GET    ready                                   200 200 200 200 200 200 200 200 200 200
GET    reference                               200 200 200 200 200 200 200 200 200 200
GET    releases                                401 200 200 200 200 200 200 200 200 200
GET    releases/<number:number>                401 404 200 200 200 200 200 200 200 404
GET    reports                                 401 200 200 200 200 200 200 200 200 200
GET    reports/<number:number>                 401 404 200 200 200 200 200 200 200 404
POST   rollbacks                               401 404 403 202 202 202 202 202 403 404
GET    runs                                    401 200 200 200 200 200 200 200 200 200
GET    runs/<number:number>                    401 404 200 200 200 200 200 200 200 404
GET    runs/<number:number>/events             401 404 200 200 200 200 200 200 200 404
POST   runs/<number:number>/cancel             401 404 403 202 403 202 202 202 403 404
POST   runs/<number:number>/retry              401 404 403 202 403 202 202 202 403 404
GET    schema/                                 200 200 200 200 200 200 200 200 200 200
GET    schema                                  200 200 200 200 200 200 200 200 200 200
GET    tokens                                  401 200 200 200 200 200 200 200 200 200
POST   tokens                                  401 201 201 201 201 201 201 201 403 403
DELETE tokens/<number:number>                  401 404 404 404 404 404 404 404 403 403
GET    model-calls                             401 403 403 403 403 403 200 200 403 403
GET    model-budgets                           401 403 403 403 403 403 200 200 403 403
POST   hooks/<name:name>                       401 401 401 401 401 401 401 401 401 401
GET    deliveries                              401 200 200 200 200 200 200 200 200 200
GET    deliveries/<number:number>              401 404 404 404 404 200 200 200 404 404
POST   deliveries/<number:number>/handle-again 401 404 404 404 404 202 202 202 404 404
POST   changes/<number:number>/exception       401 404 403 403 403 200 200 200 403 404
POST   stop                                    401 403 403 403 403 403 409 409 403 403
POST   lift                                    401 403 403 403 403 403 200 200 403 403
GET    clusters                                401 403 403 403 403 403 200 200 403 403
GET    clusters/<name:cluster>                 401 403 403 403 403 403 200 200 403 403
POST   clusters/<name:cluster>/check           401 403 403 403 403 403 400 400 403 403
GET    notifications                           401 403 403 403 403 403 200 200 403 403
GET    notifications/<number:number>           401 403 403 403 403 403 200 200 403 403
POST   notifications/<number:number>/send-again 401 403 403 403 403 403 202 202 403 403
GET    knowledge/search                        401 200 200 200 200 200 200 200 200 200
GET    knowledge/documents/<number:number>     401 404 200 200 200 200 200 200 200 404
GET    knowledge/sources                       401 200 200 200 200 200 200 200 200 200
POST   knowledge/sources/<number:number>/refresh 401 404 403 403 403 202 202 202 403 404
POST   knowledge/sources/<name:name>/documents 401 404 403 403 403 201 201 201 403 404
POST   knowledge/feedback                      401 404 200 200 200 200 200 200 200 404
"""
ENVIRONMENT = """
GET    (itself)                         401 404 200 200 200 200 200 200 200 404
POST   /release-hold                    401 404 403 403 403 200 200 200 403 404
GET    /variables                       401 404 200 200 200 200 200 200 200 404
PUT    /variables/<variable:variable>   401 404 403 200 403 200 200 200 403 404
DELETE /variables/<variable:variable>   401 404 403 204 403 204 204 204 403 404
GET    /windows                         401 404 200 200 200 200 200 200 200 404
POST   /lock                            401 404 403 409 409 409 409 409 403 404
POST   /unlock                          401 404 403 403 403 200 200 200 403 404
POST   /stop                            401 404 403 409 409 409 409 409 403 404
POST   /lift                            401 404 403 403 403 200 200 200 403 404
"""
TOPICS = {
    "overview": ("session", "right", "-", "-", "-", "-", "-", "-"),
    "inbox": ("session", "right", "-", "-", "-", "-", "-", "-"),
    "run-{run_id}": ("session", "right", "-", "-", "-", "-", "-", "-"),
    "environment-{environment_id}": ("session", "right", "-", "-", "-", "-", "-", "-"),
    "incident-{incident_id}": ("session", "right", "-", "-", "-", "-", "-", "-"),
    "change-{change_id}": ("session", "right", "-", "-", "-", "-", "-", "-"),
    "knowledge": ("session", "right", "-", "-", "-", "-", "-", "-"),
    "secrets": ("session", "right", "right", "right", "right", "right", "right", "right"),
}


def _rows(text: str, under: str = "") -> dict[tuple[str, str], tuple[int, ...]]:
    """The lines by method and pattern; a pattern that is nothing but `under` is written `(itself)`."""
    found = {}
    for line in text.strip().splitlines():
        method, pattern, *answers = line.split()
        if not method.isupper():
            continue  # the heading
        found[method, under + pattern.replace("(itself)", "")] = tuple(map(int, answers))
    return found


_ONE_ENVIRONMENT = "api/v1/applications/<name:name>/environments/<name:environment>"
ANSWERS = _rows(PAGES) | _rows(ACCOUNT) | _rows(API, "api/v1/") | _rows(ENVIRONMENT, _ONE_ENVIRONMENT)
