"""Doctests of what reads models of another library run where that library is installed."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("jax") else ["jacobians/importers/jaxprs.py"]
