"""Hard boxes: hypothesis strategies and seeded sets that stand on grid lines, borders and thresholds."""

from dataclasses import replace

import numpy as np
import torch
from hypothesis import strategies as st

from assignstudy.geometry import cxcywh_to_xyxy, xyxy_to_cxcywh
from assignstudy.types import Dataset, InputBoxes, PyramidLevel

STRIDES = (8, 16, 32)
COCO_P5 = (
    (8, [(10, 13), (16, 30), (33, 23)]),
    (16, [(30, 61), (62, 45), (59, 119)]),
    (32, [(116, 90), (156, 198), (373, 326)]),
)


def make_levels(spec=COCO_P5):
    """Levels from (stride, anchors) pairs."""
    return tuple(
        PyramidLevel(stride, torch.tensor(anchors, dtype=torch.float32).reshape(-1, 2)) for stride, anchors in spec
    )


def make_boxes(images, cxcywh, input_wh):
    """Boxes of one input size for all images; ``images`` ascending."""
    cxcywh_norm = torch.from_numpy(np.asarray(cxcywh, np.float32).reshape(-1, 4))
    corners = cxcywh_to_xyxy(cxcywh_norm) * torch.tensor([*input_wh, *input_wh])
    return InputBoxes(
        gt_id=torch.arange(len(images)),
        image_index=torch.tensor(images, dtype=torch.int64),
        cxcywh_norm=cxcywh_norm,
        xyxy_px=corners,
        input_wh_px=torch.tensor([input_wh], dtype=torch.int64),
    )


def make_corner_boxes(images, xyxy_px, input_wh):
    """Boxes given by their exact corners in pixels, of one input size for all images; ``images`` ascending."""
    corners = torch.from_numpy(np.asarray(xyxy_px, np.float32).reshape(-1, 4))
    cxcywh = xyxy_to_cxcywh(corners) / torch.tensor([*input_wh, *input_wh])
    return replace(make_boxes(images, cxcywh.numpy(), input_wh), xyxy_px=corners)


def make_dataset(images, cxcywh, sizes, class_id=None, ignored=None, issues=(), classes=3):
    """A small data set; ``images`` ascending, ``sizes`` one (width, height) per image."""
    boxes = len(images)
    return Dataset(
        name="small",
        class_names=tuple(f"class {k}" for k in range(classes)),
        image_paths=tuple(f"{k:06d}.jpg" for k in range(len(sizes))),
        image_wh_orig=torch.tensor(sizes, dtype=torch.int32).reshape(-1, 2),
        image_index=torch.tensor(images, dtype=torch.int64),
        class_id=torch.tensor([0] * boxes if class_id is None else class_id, dtype=torch.int64),
        cxcywh_norm_orig=torch.from_numpy(np.asarray(cxcywh, np.float32).reshape(-1, 4)),
        ignored=torch.tensor([False] * boxes if ignored is None else ignored, dtype=torch.bool),
        issues=issues,
    )


def rows_of(positives):
    """Rows (ground truth, anchor, grid_y, grid_x, offset) of one level."""
    parts = (positives.gt_row, positives.anchor, positives.grid_y, positives.grid_x, positives.cell_offset)
    return list(zip(*(part.tolist() for part in parts), strict=True))


def _nudged(value, ulps):
    value = np.float32(value)
    for _ in range(abs(ulps)):
        value = np.nextafter(value, np.float32(np.inf if ulps > 0 else -np.inf))
    return float(value)


def centres(side):
    """Centres on an axis of ``side`` pixels: on and next to grid lines and half cells, at the border, anywhere."""
    half_cells = [k * stride / 2 / side for stride in STRIDES for k in range(2 * side // stride + 1)]
    border = [-0.51, -1 / side, -1e-9, 0.0, 1.0, 1 + 1 / side, 1.51]
    return st.one_of(
        st.builds(_nudged, st.sampled_from(half_cells), st.integers(-1, 1)),
        st.sampled_from(border),
        st.floats(0, 1, width=32),
    )


def sides(side, axis, threshold):
    """Sides over an axis of ``side`` pixels: exactly the threshold away from an anchor, next to it, or anything."""
    anchors = [anchor[axis] for _, anchors in COCO_P5 for anchor in anchors]
    ratios = [threshold, 1 / threshold, 1.0]
    on_threshold = st.builds(
        lambda anchor, ratio, ulps: _nudged(anchor * ratio / side, ulps),
        st.sampled_from(anchors),
        st.sampled_from(ratios),
        st.integers(-1, 1),
    )
    return st.one_of(on_threshold, st.floats(2.0**-20, 2, width=32))


@st.composite
def input_boxes(draw, threshold=4.0, max_boxes=12):
    """A few images of one network input, square or not, with boxes where rules are delicate."""
    width, height = (32 * draw(st.integers(1, 5)) for _ in range(2))
    images = sorted(draw(st.lists(st.integers(0, 2), max_size=max_boxes)))
    box = st.tuples(centres(width), centres(height), sides(width, 0, threshold), sides(height, 1, threshold))
    cxcywh = [draw(box) for _ in images]
    repeats = draw(st.booleans())
    if repeats and len(cxcywh) > 1:
        cxcywh[-1] = cxcywh[0]
    return make_boxes(images, cxcywh, (width, height))


def corners(side):
    """Low corners on an axis of ``side`` pixels: multiples of 4, a hair beside them, anything."""
    on_grid = st.integers(-16, side // 4 + 4).map(lambda k: 4.0 * k)
    hair = st.sampled_from([0.0, 0.01, -0.01, 2.0**-10])
    return st.one_of(st.builds(lambda corner, off: corner + off, on_grid, hair), st.floats(-40, side, width=32))


@st.composite
def corner_boxes(draw, max_boxes=8):
    """Boxes whose corners stand where rules by position are delicate: many exact overlaps, distances and areas."""
    width, height = (32 * draw(st.integers(1, 5)) for _ in range(2))
    images = sorted(draw(st.lists(st.integers(0, 2), max_size=max_boxes)))
    extent = st.one_of(st.sampled_from([4.0, 8.0, 16.0, 32.0, 64.0, 90.5, 128.0, 256.0]), st.floats(0.5, 300, width=32))
    lows = [(draw(corners(width)), draw(corners(height))) for _ in images]
    boxes = [(x, y, x + draw(extent), y + draw(extent)) for x, y in lows]
    if len(boxes) > 1 and draw(st.booleans()):
        boxes[-1] = boxes[0]
    return make_corner_boxes(images, boxes, (width, height))


def scattered_boxes(seed, boxes=40, images=1, input_wh=(256, 160)):
    """Boxes without ties: centres anywhere, no two areas within 8 %."""
    random = np.random.Generator(np.random.PCG64(seed))
    area = random.permutation(100 * 1.1 ** np.arange(boxes))
    aspect = np.exp(random.uniform(-0.7, 0.7, boxes))
    wh = np.stack((np.sqrt(area * aspect), np.sqrt(area / aspect)), axis=1)
    centre = random.uniform(0, 1, (boxes, 2)) * input_wh
    index = np.sort(random.integers(0, images, boxes))
    return make_corner_boxes(index.tolist(), np.concatenate((centre - wh / 2, centre + wh / 2), axis=1), input_wh)


def seeded_boxes(seed, boxes=300, images=12, input_wh=(256, 160)):
    """Boxes on whole pixels, many of them in few images, so that slots are contested and grid lines are hit."""
    random = np.random.Generator(np.random.PCG64(seed))
    index = np.sort(random.integers(0, images, boxes))
    wh = np.exp(random.uniform(np.log(2), np.log(300), (boxes, 2))).round()
    centre = random.integers(0, [2 * input_wh[0] + 1, 2 * input_wh[1] + 1], (boxes, 2)) / 2
    return make_boxes(index.tolist(), np.concatenate((centre / input_wh, wh / input_wh), axis=1), input_wh)
