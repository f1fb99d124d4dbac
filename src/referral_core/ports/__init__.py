"""Ports: what the services need from outside. Docstrings are contracts, which the conformance suites test."""
