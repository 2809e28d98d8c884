"""The tests under every Python and pandas that is promised: ``nox``, or one: ``nox -s "tests-3.12(pandas='2.3')"``.

Interpreters that are not installed are skipped, except on CI. What comes behind ``--`` is handed to pytest.
"""

from __future__ import annotations

import re
from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"

PYTHONS = ("3.11", "3.12", "3.13")
PANDAS = ("2.3", "3")


@nox.session(python=PYTHONS)
@nox.parametrize("pandas", PANDAS)
def tests(session: nox.Session, pandas: str) -> None:
    """All tests with the pinned libraries, but with one of two pandas."""
    pins = Path(session.create_tmp()) / "constraints.txt"
    pinned = Path("constraints.txt").read_text(encoding="utf-8")
    if pandas != "3":  # 3 is what is pinned
        pinned = re.sub(r"^pandas==.*$", f"pandas=={pandas}.*", pinned, flags=re.MULTILINE)
        pinned = re.sub(r"^pandas-stubs==.*\n", "", pinned, flags=re.MULTILINE)  # types of another pandas
    pins.write_text(pinned, encoding="utf-8")
    session.install("--constraint", str(pins), "--editable", ".[dev]")
    session.run("python", "-c", "import pandas, sys; print(sys.version, 'pandas', pandas.__version__)")
    session.run("pytest", "-n", "2", "--dist", "loadfile", *session.posargs)
