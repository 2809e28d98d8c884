"""What a further run of a sweep takes, page included, and where the time goes.

    python -m benchmarks.further_runs                                  the built-in data set
    python -m benchmarks.further_runs --annotations annotations.json   COCO JSON

One command sweeps four thresholds, without pictures of images; the first run also imports and reads, the others are the
further ones. Printed are the seconds of their stages, the fastest further run first, and what passes between two runs.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from assignstudy.record import RunRecord
from assignstudy.stored import find_sweep


def main() -> None:
    """Measure and print."""
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--annotations", type=Path, help="COCO JSON; the built-in data set without it")
    cli.add_argument("settings", nargs="*", help="further settings of the command")
    options = cli.parse_args()
    data = ["dataset=coco", f"dataset.annotations={options.annotations}"] if options.annotations else []
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "assignstudy", "-m", "anchor_t=4,3,3.5,5", "report.gallery.images=0", *data, *options.settings]
        start = time.perf_counter()
        subprocess.run([sys.executable, *command, f"hydra.sweep.dir={folder}"], check=True, stdout=subprocess.DEVNULL)
        print(f"the whole command: {time.perf_counter() - start:.1f} s")
        first, *further = sorted((run.record for run in find_sweep(Path(folder)).runs), key=_started)
        between = [_started(after) - _started(run) - _total(run) for run, after in pairwise(further)]
        for name, run in [("first run", first), *(("further run", run) for run in sorted(further, key=_total))]:
            stages = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in run.seconds.items())
            print(f"{name}: {_total(run):.2f} s ({stages}), at most {run.peak_memory_mb:,.0f} MB")
        print(f"between two runs, for Hydra and for the garbage of the one before: {statistics.median(between):.2f} s")


def _started(run: RunRecord) -> float:
    return datetime.fromisoformat(run.started).timestamp()


def _total(run: RunRecord) -> float:
    return sum(run.seconds.values())


if __name__ == "__main__":
    main()
