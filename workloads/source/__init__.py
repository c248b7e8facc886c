"""A Django project understood from its files: settings, apps, migrations, requirements, processes.

Reads files and parses them; runs nothing of the application. What can only be known by running is asked by
`workloads.inside` in a limited child.
"""
