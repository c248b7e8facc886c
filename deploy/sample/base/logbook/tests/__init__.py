"""The harbour's tests: no broker needed."""
