"""What is installed, reachable and missing on this machine, each with its cure (`manage.py doctor`).

One file a subject; each examination is a function that returns Findings. Nothing here changes anything.
"""
