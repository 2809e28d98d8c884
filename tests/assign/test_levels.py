"""Detection scales from plain numbers."""

from __future__ import annotations

import torch

from assignstudy.assign.levels import pyramid_levels
from assignstudy.settings import AnchorLevel


def test_levels_keep_their_order_and_their_anchors():
    fine, coarse = pyramid_levels([AnchorLevel(8, ((10, 13), (16.5, 30))), AnchorLevel(32, ((116, 90),))])
    assert (fine.name, coarse.name) == ("P3", "P5")
    assert torch.equal(fine.anchor_wh_px, torch.tensor([[10, 13], [16.5, 30]]))
    assert torch.equal(coarse.anchor_wh_px, torch.tensor([[116.0, 90.0]]))


def test_no_levels_are_no_levels():
    assert pyramid_levels([]) == ()
