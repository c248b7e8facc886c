"""A person and their account: signing in (django-allauth behind our pages), two-factor, sessions, tokens.

The pages of django-allauth are drawn by `templates/allauth`; what it may do is in `settings/sign_in.py` and `adapters.py`.
"""
