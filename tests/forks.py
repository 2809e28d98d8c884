"""Commands in processes of their own that start at once: forked from one that has imported everything and done nothing.

A process that has used torch's threads cannot be forked, so the tests' own cannot serve.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
NOBODY = 65534


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (minus the signal that killed it), and what it printed."""

    code: int
    out: str
    err: str


class Forks:
    """Starts commands in a folder."""

    def __init__(self, logs: Path) -> None:
        environment = {"PYTHONPATH": str(REPOSITORY), "PATH": os.environ["PATH"], "OMP_WAIT_POLICY": "PASSIVE"}
        self._logs, self._started = logs, 0
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.forks"],
            env=environment,
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, folder: Path, *arguments: str, user: int | None = None) -> int:
        """Start a command; returns the number of its process."""
        self._started += 1
        log = str(self._logs / f"{self._started}")
        return int(self._ask(do="start", folder=str(folder), arguments=arguments, user=user, log=log))

    def wait(self, process: int) -> Ended:
        """Wait for the end of a command."""
        code, log = self._ask(do="wait", process=process)
        return Ended(code, Path(f"{log}.out").read_text("utf-8"), Path(f"{log}.err").read_text("utf-8"))

    def run(self, folder: Path, *arguments: str, user: int | None = None) -> Ended:
        """Run a command to its end."""
        return self.wait(self.start(folder, *arguments, user=user))

    def kill_when(self, process: int, ready: Callable[[], object], number: int = signal.SIGKILL) -> Ended:
        """Send a signal as soon as something is the case (for at most two minutes), and wait for the end."""
        deadline = time.monotonic() + 120
        while not ready() and time.monotonic() < deadline:
            time.sleep(0.002)
        os.kill(process, number)  # not reaped before it is waited for, so the number is still its own
        return self.wait(process)

    def close(self) -> None:
        """End the server; its children have been waited for."""
        self._server.communicate(timeout=60)

    def _ask(self, **request: Any) -> Any:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        return json.loads(self._server.stdout.readline())


def _serve() -> None:
    import assignstudy.job
    import assignstudy.objective
    import assignstudy.report.render
    import assignstudy.results
    import assignstudy.sweep
    import assignstudy.tracking
    from assignstudy import cli

    logs: dict[int, str] = {}
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "wait":
            _, status = os.waitpid(request["process"], 0)
            answer: Any = (os.waitstatus_to_exitcode(status), logs[request["process"]])
        elif answer := os.fork():
            logs[answer] = request["log"]
        else:
            _become(request, cli.main)
        print(json.dumps(answer), flush=True)


def _become(request: dict[str, Any], main: Callable[[], int]) -> None:
    """Be the command, in the child."""
    for number, ending in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{request['log']}.{ending}", os.O_WRONLY | os.O_CREAT), number)
    os.chdir(request["folder"])
    if request["user"] is not None:
        os.setgroups([])
        os.setgid(request["user"])
        os.setuid(request["user"])
    sys.argv = ["assignstudy", *request["arguments"]]
    code = 1
    try:
        code = main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
