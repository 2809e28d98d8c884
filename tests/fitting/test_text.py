"""Fitted anchors as a file that the tool reads back, and as lines for a model file."""

import pytest
import yaml

from assignstudy.fitting.text import anchor_file, model_block
from assignstudy.settings import AnchorLevel, anchor_levels

LEVELS = (AnchorLevel(8, ((10.0, 13.0), (16.5, 30.0))), AnchorLevel(16, ((3.25, 61.0), (1.23e3, 1.5e-05))))


@pytest.mark.parametrize("origin", [(), ("to demo", "imgsz 640"), ("a\nb: [", "\x85\u2028wh_px: 1", "消防车 \x07")])
def test_the_file_comes_back_as_the_same_anchors(tmp_path, origin):
    path = tmp_path / "anchors.yaml"
    path.write_text(anchor_file(LEVELS, origin), encoding="utf-8")
    assert anchor_levels({"path": str(path)}) == LEVELS


def test_the_block_for_a_model_file_is_its_entry_anchors():
    block = model_block(LEVELS)
    assert yaml.safe_load(block) == {"anchors": [[10, 13, 16.5, 30], [3.25, 61, 1230, 1.5e-05]]}
    assert block.splitlines()[1] == "  - [10,13, 16.5,30] # P3/8"


def test_the_file_holds_the_block_as_comment():
    text = anchor_file(LEVELS, ["from here"])
    assert text.splitlines()[0] == "# from here"
    assert "\n".join(line[2:] for line in text.splitlines() if line.startswith("# ")).endswith(model_block(LEVELS))
