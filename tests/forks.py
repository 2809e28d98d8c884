"""Commands in processes of their own that start at once: forked from one that has imported everything and done nothing.

A process that has used torch's threads cannot be forked, so the tests' own cannot serve.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
CAPABILITIES_V3 = 0x20080522


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (minus the signal that killed it), and what it printed."""

    code: int
    out: str
    err: str


class Forks:
    """Starts commands in a folder."""

    def __init__(self, logs: Path, *modules: str) -> None:
        """Import what every command needs, and some further modules."""
        environment = {"PYTHONPATH": str(REPOSITORY), "PATH": os.environ["PATH"], "OMP_WAIT_POLICY": "PASSIVE"}
        environment["MLFLOW_DISABLE_TELEMETRY"] = "true"
        self._logs, self._started = logs, 0
        self._log_of: dict[int, Path] = {}
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.forks", *modules],
            env=environment,
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, folder: Path, *arguments: str, plain_user: bool = False) -> int:
        """Start a command; returns the number of its process."""
        self._started += 1
        log = str(self._logs / f"{self._started}")
        process = int(self._ask(do="start", folder=str(folder), arguments=arguments, plain_user=plain_user, log=log))
        self._log_of[process] = Path(f"{log}.err")
        return process

    def said(self, process: int) -> str:
        """What a command has printed on stderr so far."""
        log = self._log_of[process]
        return log.read_text("utf-8") if log.exists() else ""

    def wait(self, process: int) -> Ended:
        """Wait for the end of a command."""
        code, log = self._ask(do="wait", process=process)
        return Ended(code, Path(f"{log}.out").read_text("utf-8"), Path(f"{log}.err").read_text("utf-8"))

    def run(self, folder: Path, *arguments: str, plain_user: bool = False) -> Ended:
        """Run a command to its end, on wish without the privileges of root, which permissions do not bind."""
        return self.wait(self.start(folder, *arguments, plain_user=plain_user))

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
    from assignstudy import cli

    for module in sys.argv[1:]:
        import_module(module)
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
    if request["plain_user"]:
        _give_up_privileges()
    sys.argv = ["assignstudy", *request["arguments"]]
    code = 1
    try:
        code = main()
    except Exception:  # as the interpreter would, which os._exit leaves no time for
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _give_up_privileges() -> None:
    """Leave root, where this is root, without any capability: Linux' capset, which Python does not offer."""
    if os.geteuid() == 0:
        header, none = (ctypes.c_uint32 * 2)(CAPABILITIES_V3, 0), (ctypes.c_uint32 * 6)()
        if ctypes.CDLL(None, use_errno=True).capset(header, none):
            raise OSError(ctypes.get_errno(), "capset")


if __name__ == "__main__":
    _serve()
