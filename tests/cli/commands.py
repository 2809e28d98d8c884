"""Commands run for real: in a process of their own, and what a single one leaves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from assignstudy import cli, record
from assignstudy.record import RunRecord

REPOSITORY = Path(cli.__file__).resolve().parents[2]
SMALL = ("dataset.images=12", "report=none")


def start(folder: Path, *arguments: str, warnings: str = "error") -> subprocess.Popen[str]:
    """Starts a command in a process of its own, from another folder than the checkout."""
    return subprocess.Popen(
        [sys.executable, "-m", "assignstudy", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin", "PYTHONWARNINGS": warnings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def single_run(folder: Path) -> Path:
    (path,) = folder.glob("outputs/runs/*/*")
    return path


def last_record(folder: Path) -> RunRecord:
    return record.read_record(single_run(folder))
