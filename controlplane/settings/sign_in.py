"""How people sign in: django-allauth, without open sign-up and without mails."""

from controlplane.settings import env

BEHIND_PROXY = False  # whether a proxy of ours says where requests come from
AUTH_USER_MODEL = "core.User"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "account_login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

ACCOUNT_ADAPTER = "controlplane.dashboard.account.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = False  # controlplane.core.throttle counts: by account with address, so that nobody can lock another out
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60

MFA_ADAPTER = "controlplane.dashboard.account.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Timonel"

# One identity provider that speaks OpenID Connect; without an issuer there is none.
OIDC_ISSUER = env.text("TIMONEL_OIDC_ISSUER")
OIDC_GROUPS_CLAIM = env.text("TIMONEL_OIDC_GROUPS_CLAIM", "groups")
OIDC_ROLES = env.words("TIMONEL_OIDC_ROLES")  # group=role:scope
SOCIALACCOUNT_ADAPTER = "controlplane.dashboard.account.adapters.ProviderAdapter"
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_LOGIN_ON_GET = True  # a form could not go there: the content security policy allows forms to ourselves only
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "oidc",
                "name": env.text("TIMONEL_OIDC_NAME", "OpenID Connect"),
                "client_id": env.text("TIMONEL_OIDC_CLIENT_ID"),
                "secret": env.text("TIMONEL_OIDC_CLIENT_SECRET"),
                "settings": {"server_url": OIDC_ISSUER},
            }
        ]
        if OIDC_ISSUER
        else [],
    }
}
