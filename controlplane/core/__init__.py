"""The foundation: people and their rights, audit, the queue, the bell, errors, redaction, secrets.

Imports no room. Absent on purpose: anything that knows what an application, a run or a document is.
"""
