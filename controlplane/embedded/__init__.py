"""Embedded services: PostgreSQL, Valkey, web, worker, scheduler and host under one supervisor (`manage.py up`)."""
