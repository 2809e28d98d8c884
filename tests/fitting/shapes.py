"""Widths and heights to fit anchors to, settings to fit them by, and local real ones."""

from __future__ import annotations

import numpy as np
import pytest

from assignstudy.settings import FitSettings
from assignstudy.types import Threshold
from tests.conftest import REPOSITORY

RATIO = Threshold("anchor_t", 4.0, "critical_anchor_t", matches_below=True)
OVERLAP = Threshold("iou_t", 0.2, "best_iou", matches_below=False)
BEST_OVERLAP = Threshold("iou_t", 1.0, "best_iou", matches_below=False, decides_match=False)


def everyday(boxes=2000, seed=0):
    """(G, 2) sizes spread over octaves, as in photographs."""
    dice = np.random.Generator(np.random.PCG64(seed))
    return np.exp(dice.normal((3.8, 3.9), 0.9, (boxes, 2))).clip(2, 640)


def aerial(boxes=2000, seed=0):
    """(G, 2) sizes of which 97 % are about a dozen pixels and the rest more than a hundred."""
    dice = np.random.Generator(np.random.PCG64(seed))
    small, large = np.exp(dice.normal(2.4, 0.4, (boxes, 2))), np.exp(dice.normal(4.9, 0.4, (boxes, 2)))
    return np.where(dice.random((boxes, 1)) < 0.97, small, large)


def settings(**changes):
    """Nine anchors on three levels, as anchors=fit has them."""
    usual = {"strides": (8, 16, 32), "n": 9, "method": "kmeans_log", "min_side_cell": 1.0, "seed": 0}
    return FitSettings(**usual | changes)


def real_wh_px(name, imgsz=640):
    """(G, 2) sizes of local real boxes on a letterboxed input; skips without them."""
    path = REPOSITORY.parent / "shared" / "data" / "npz" / f"{name}.npz"
    if not path.is_file():
        pytest.skip(f"local real data: ../shared/data/npz/{name}.npz is not there")
    with np.load(path) as archive:
        corners, wh_orig = archive["box"].astype(np.float64), archive["img_wh"][archive["image_id"]].astype(np.float64)
    wh_px = (corners[:, 2:] - corners[:, :2]) * (imgsz / wh_orig).min(axis=1, keepdims=True)
    return wh_px[(wh_px > 0).all(axis=1)]
