"""The main promise, end to end: a real `manage.py up`, the sample application, real releases."""
