"""``python -m assignstudy``."""

import sys

from assignstudy.cli import main

if __name__ == "__main__":
    sys.exit(main())
