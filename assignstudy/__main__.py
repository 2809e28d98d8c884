"""``python -m assignstudy``, and the command ``assignstudy``."""

from __future__ import annotations

import signal
import sys


def start() -> int:
    """Load the command line and run it, see :func:`assignstudy.cli.main`.

    Returns:
        The exit code.
    """
    try:
        from assignstudy.cli import main
    except KeyboardInterrupt:  # while libraries load: there is nothing to bring to an end yet
        print("assignstudy: stopped", file=sys.stderr)
        return 128 + signal.SIGINT
    return main()


if __name__ == "__main__":
    sys.exit(start())
