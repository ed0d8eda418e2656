"""How the tests run: the whole suite on all cores, one file or test in one process; long searches when asked for."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

#: Doctests of what reads models of another library run where that library is installed.
READERS = {"jax": "jacobians/importers/jaxprs.py", "torch": "jacobians/importers/torch_exports.py"}
collect_ignore = [path for library, path in READERS.items() if not find_spec(library)]

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as many processes as cores, one thread each


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """One process for what is named on the command line: it starts at once, and a debugger works."""
    return 0 if config.args_source is config.ArgsSource.ARGS else None


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Tests marked `slow` are left out, unless `-m` says otherwise or one test is named."""
    if not config.option.markexpr and not any("::" in argument for argument in config.args):
        config.option.markexpr = "not slow"
