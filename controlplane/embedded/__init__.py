"""Embedded services: PostgreSQL, Valkey, web, worker, scheduler and host under one supervisor (`manage.py up`).

The supervisor knows processes, files and ports, never rows: what needs the database (`prepare`, `demo`) runs as a child
of it. Absent on purpose: anything that a server installation with its own PostgreSQL, Redis and service manager needs.
"""
