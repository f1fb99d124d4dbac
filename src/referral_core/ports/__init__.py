"""Ports: what the rules need from outside. The docstrings are contracts; the conformance suites test them."""
