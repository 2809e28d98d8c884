"""How much memory a whole study takes, and that it grows no faster than the number of boxes.

    python -m benchmarks.memory                                        a fourth, half and all of a million boxes
    python -m benchmarks.memory --boxes 30000000

Each size is studied in a process of its own, from generated labels to tables written on disk; printed is the largest
resident memory of that process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
from pathlib import Path

SHARES = (0.25, 0.5, 1.0)


def main() -> None:
    """Measure and print."""
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--boxes", type=int, default=1_000_000)
    options = cli.parse_args()
    spawn = multiprocessing.get_context("spawn")
    for share in SHARES:
        with spawn.Pool(1) as process:
            boxes, labels_mb, peak_mb = process.apply(_peak, (int(options.boxes * share),))
        print(f"{boxes:,} boxes: {peak_mb:,.0f} MB, of which {labels_mb:,.0f} MB before the study")


def _peak(boxes: int) -> tuple[int, float, float]:
    """Boxes studied, and the process's peak in MB before and after."""
    from assignstudy import record, study
    from assignstudy.assign.yolov5 import Yolov5
    from assignstudy.transforms import Letterbox
    from benchmarks.labels import COCO_BOXES_PER_IMAGE, generated

    dataset, rule = generated(int(boxes / COCO_BOXES_PER_IMAGE)), Yolov5()
    before = _peak_mb()
    result = study.run(study.Study(dataset, rule, rule.published_levels(), Letterbox(), (640, 640)))
    with tempfile.TemporaryDirectory() as folder:
        record.write_tables(Path(folder), result.tables)
    return len(dataset.image_index), before, _peak_mb()


def _peak_mb() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    main()
