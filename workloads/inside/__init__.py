"""Questions asked inside the application, by its own interpreter, in a limited child. See workloads.described.

Nothing here is imported by Timonel: `ask.py` is run as a program and loads the questions itself. Syntax of Python 3.6,
Django 2.0 to 6.x, the standard library only. Answers are JSON; a question that fails answers with the error's own words.
"""
