"""Hand-made boxes on the YOLO rules' corners, with the rows each rule makes of them written out and explained.

The network input is 64 x 32 px. P3 (stride 8) has 8 columns, 4 rows and the anchors A0 = 4 x 4 px and A1 = 32 x 32 px;
P4 (stride 16) has 4 columns, 2 rows and the anchor 64 x 32 px. All are powers of 2, so positions in cells are exact,
and one step of float32 (an ulp) in pixels is one in cells. X and Y are the centre in cells of P3 where nothing else is
said.

Most boxes measure 6 x 6 px: a side ratio of 1.5 to A0 and more than 5 to the others, a shape overlap of 16/36 with A0
and less than 0.04 with the others. So only A0 of P3 takes part, under every rule, and only cells are at stake.
Thresholds are the published ones: anchor_t 4, iou_t 0.2 (yolov3_spp), iou_t 1 (yolov3: the best anchor only).

A row is (ground truth, level, anchor, grid_y, grid_x, offset), and a function per offset writes one: `left(2, 3)` is
the row of cell y = 2, x = 3 with the offset "left", for A0 of P3 and the first ground truth where nothing else is said.
"""

from dataclasses import dataclass

import numpy as np

P3, P4 = 0, 1
INPUT_WH = (64, 32)
SPEC = ((8, [(4, 4), (32, 32)]), (16, [(64, 32)]))


def _row(offset):
    return lambda y, x, anchor=0, level=P3, gt=0: (gt, level, anchor, y, x, offset)


centre, left, up, right, down = (_row(offset) for offset in range(5))


def above(value):
    """The next float32."""
    return float(np.nextafter(np.float32(value), np.float32(np.inf)))


def below(value):
    """The float32 before."""
    return float(np.nextafter(np.float32(value), np.float32(-np.inf)))


@dataclass(frozen=True)
class Golden:
    """Boxes (centre and size in pixels) of one image, why they are here, and the rows of each rule."""

    name: str
    why: str
    boxes: list
    yolov5: list
    yolov5_v2: list
    yolov7_aux: list
    yolov3_spp: list
    yolov3: list


INSIDE = [
    Golden(
        "middle of a cell",
        "X = 3.5, Y = 2.5: a fraction of exactly 0.5 is on neither half; whole-cell neighbours do not ask for halves",
        [(28, 20, 6, 6)],
        yolov5=[centre(2, 3)],
        yolov5_v2=[centre(2, 3)],
        yolov7_aux=[centre(2, 3), left(2, 2), up(1, 3), right(2, 4), down(3, 3)],
        yolov3_spp=[centre(2, 3)],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "left half",
        "X = 3.25: left, as 0.25 < 0.5 and 3.25 > 1; not right, as 8 - X = 4.75 has a fraction of 0.75",
        [(26, 20, 6, 6)],
        yolov5=[centre(2, 3), left(2, 2)],
        yolov5_v2=[centre(2, 3), left(2, 2)],
        yolov7_aux=[centre(2, 3), left(2, 2), up(1, 3), right(2, 4), down(3, 3)],
        yolov3_spp=[centre(2, 3)],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "right half",
        "X = 3.75: 8 - X = 4.25 has a fraction of 0.25; v2 sees 0.75 > 0.5 and 3.75 < 7",
        [(30, 20, 6, 6)],
        yolov5=[centre(2, 3), right(2, 4)],
        yolov5_v2=[centre(2, 3), right(2, 4)],
        yolov7_aux=[centre(2, 3), left(2, 2), up(1, 3), right(2, 4), down(3, 3)],
        yolov3_spp=[centre(2, 3)],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "upper half",
        "Y = 1.25: up, the same test on the other axis",
        [(28, 10, 6, 6)],
        yolov5=[centre(1, 3), up(0, 3)],
        yolov5_v2=[centre(1, 3), up(0, 3)],
        yolov7_aux=[centre(1, 3), left(1, 2), up(0, 3), right(1, 4), down(2, 3)],
        yolov3_spp=[centre(1, 3)],
        yolov3=[centre(1, 3)],
    ),
    Golden(
        "lower half",
        "Y = 1.75: 4 - Y = 2.25 has a fraction of 0.25 and is above 1, so down",
        [(28, 14, 6, 6)],
        yolov5=[centre(1, 3), down(2, 3)],
        yolov5_v2=[centre(1, 3), down(2, 3)],
        yolov7_aux=[centre(1, 3), left(1, 2), up(0, 3), right(1, 4), down(2, 3)],
        yolov3_spp=[centre(1, 3)],
        yolov3=[centre(1, 3)],
    ),
    Golden(
        "upper left quarter",
        "X = 3.25, Y = 1.25: both axes claim, never the diagonal cell",
        [(26, 10, 6, 6)],
        yolov5=[centre(1, 3), left(1, 2), up(0, 3)],
        yolov5_v2=[centre(1, 3), left(1, 2), up(0, 3)],
        yolov7_aux=[centre(1, 3), left(1, 2), up(0, 3), right(1, 4), down(2, 3)],
        yolov3_spp=[centre(1, 3)],
        yolov3=[centre(1, 3)],
    ),
    Golden(
        "lower right quarter",
        "X = 3.75, Y = 1.75: the other two; rows stand in the order right, down",
        [(30, 14, 6, 6)],
        yolov5=[centre(1, 3), right(1, 4), down(2, 3)],
        yolov5_v2=[centre(1, 3), right(1, 4), down(2, 3)],
        yolov7_aux=[centre(1, 3), left(1, 2), up(0, 3), right(1, 4), down(2, 3)],
        yolov3_spp=[centre(1, 3)],
        yolov3=[centre(1, 3)],
    ),
]

GRID_LINES = [
    Golden(
        "grid line in x",
        "X = 3: X and 8 - X both have a fraction of 0, so left and right; right is trunc(3.5) = 3, the centre"
        " again. v2 asks for a fraction above 0.5 on the right, so only left",
        [(24, 20, 6, 6)],
        yolov5=[centre(2, 3), left(2, 2), right(2, 3)],
        yolov5_v2=[centre(2, 3), left(2, 2)],
        yolov7_aux=[centre(2, 3), left(2, 2), up(1, 3), right(2, 4), down(3, 3)],
        yolov3_spp=[centre(2, 3)],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "grid line in y",
        "Y = 2 of 4: up, and down is the centre again",
        [(28, 16, 6, 6)],
        yolov5=[centre(2, 3), up(1, 3), down(2, 3)],
        yolov5_v2=[centre(2, 3), up(1, 3)],
        yolov7_aux=[centre(2, 3), left(2, 2), up(1, 3), right(2, 4), down(3, 3)],
        yolov3_spp=[centre(2, 3)],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "grid lines on both axes",
        "X = 3, Y = 2: five rows in three cells, the centre's cell three times",
        [(24, 16, 6, 6)],
        yolov5=[centre(2, 3), left(2, 2), up(1, 3), right(2, 3), down(2, 3)],
        yolov5_v2=[centre(2, 3), left(2, 2), up(1, 3)],
        yolov7_aux=[centre(2, 3), left(2, 2), up(1, 3), right(2, 4), down(3, 3)],
        yolov3_spp=[centre(2, 3)],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "one ulp before a grid line",
        "X = 3 - 2^-22 is in cell 2, and right reaches cell 3: 8 - X = 5 + 2^-22 lies between two float32, 2^-21"
        " apart, and rounds to the even one, 5, with a fraction of 0",
        [(below(24), 20, 6, 6)],
        yolov5=[centre(2, 2), right(2, 3)],
        yolov5_v2=[centre(2, 2), right(2, 3)],
        yolov7_aux=[centre(2, 2), left(2, 1), up(1, 2), right(2, 3), down(3, 2)],
        yolov3_spp=[centre(2, 2)],
        yolov3=[centre(2, 2)],
    ),
    Golden(
        "one ulp after a grid line",
        "X = 3 + 2^-22: 8 - X = 5 - 2^-22 rounds to 5 as well, so v5 doubles the centre although X is not on the"
        " line. The auxiliary head's X + 1 rounds to 4",
        [(above(24), 20, 6, 6)],
        yolov5=[centre(2, 3), left(2, 2), right(2, 3)],
        yolov5_v2=[centre(2, 3), left(2, 2)],
        yolov7_aux=[centre(2, 3), left(2, 2), up(1, 3), right(2, 4), down(3, 3)],
        yolov3_spp=[centre(2, 3)],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "one ulp after a grid line in the right half of the grid",
        "X = 5 + 2^-21: from 4 on, 8 - X is exact; 3 - 2^-21 has a fraction just below 1, so v5 does not claim right",
        [(above(40), 20, 6, 6)],
        yolov5=[centre(2, 5), left(2, 4)],
        yolov5_v2=[centre(2, 5), left(2, 4)],
        yolov7_aux=[centre(2, 5), left(2, 4), up(1, 5), right(2, 6), down(3, 5)],
        yolov3_spp=[centre(2, 5)],
        yolov3=[centre(2, 5)],
    ),
    Golden(
        "one ulp before the middle",
        "X = 3.5 - 2^-22: a fraction below 0.5, so left; 8 - X rounds to 4.5, whose 0.5 is not below 0.5",
        [(below(28), 20, 6, 6)],
        yolov5=[centre(2, 3), left(2, 2)],
        yolov5_v2=[centre(2, 3), left(2, 2)],
        yolov7_aux=[centre(2, 3), left(2, 2), up(1, 3), right(2, 4), down(3, 3)],
        yolov3_spp=[centre(2, 3)],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "one ulp after the middle",
        "X = 3.5 + 2^-22: 8 - X rounds to 4.5, so v5 claims nothing; v2 looks at X itself, above 0.5, and X + 0.5"
        " rounds to 4: here the slots of the two differ",
        [(above(28), 20, 6, 6)],
        yolov5=[centre(2, 3)],
        yolov5_v2=[centre(2, 3), right(2, 4)],
        yolov7_aux=[centre(2, 3), left(2, 2), up(1, 3), right(2, 4), down(3, 3)],
        yolov3_spp=[centre(2, 3)],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "one ulp after the middle in the right half of the grid",
        "X = 5.5 + 2^-21: 8 - X = 2.5 - 2^-21 is exact, with a fraction below 0.5, so both claim right",
        [(above(44), 20, 6, 6)],
        yolov5=[centre(2, 5), right(2, 6)],
        yolov5_v2=[centre(2, 5), right(2, 6)],
        yolov7_aux=[centre(2, 5), left(2, 4), up(1, 5), right(2, 6), down(3, 5)],
        yolov3_spp=[centre(2, 5)],
        yolov3=[centre(2, 5)],
    ),
    Golden(
        "one ulp before the middle of a row",
        "Y = 1.5 - 2^-23: up, into trunc(1 - 2^-23) = 0; 4 - Y = 2.5 + 2^-23 rounds to 2.5, so not down",
        [(28, below(12), 6, 6)],
        yolov5=[centre(1, 3), up(0, 3)],
        yolov5_v2=[centre(1, 3), up(0, 3)],
        yolov7_aux=[centre(1, 3), left(1, 2), up(0, 3), right(1, 4), down(2, 3)],
        yolov3_spp=[centre(1, 3)],
        yolov3=[centre(1, 3)],
    ),
]

LOW_BORDER = [
    Golden(
        "X = 0",
        "no left, as 0 is not above 1; 8 - X = 8 is on a grid line, so v5's right doubles cell 0; whole-cell"
        " right is cell 1; darknet drops x = 0",
        [(0, 20, 6, 6)],
        yolov5=[centre(2, 0), right(2, 0)],
        yolov5_v2=[centre(2, 0)],
        yolov7_aux=[centre(2, 0), up(1, 0), right(2, 1), down(3, 0)],
        yolov3_spp=[centre(2, 0)],
        yolov3=[],
    ),
    Golden(
        "a hair before X = 0",
        "X = -2^-33: its fraction 1 - 2^-33 is 1.0 in float32, above 0.5, so v2 claims right, trunc(0.5) = 0; v5"
        " does from 8 - X = 8; truncation towards zero keeps the centre in cell 0",
        [(-(2.0**-30), 20, 6, 6)],
        yolov5=[centre(2, 0), right(2, 0)],
        yolov5_v2=[centre(2, 0), right(2, 0)],
        yolov7_aux=[centre(2, 0), up(1, 0), right(2, 1), down(3, 0)],
        yolov3_spp=[centre(2, 0)],
        yolov3=[],
    ),
    Golden(
        "a hair after X = 0",
        "X = 2^-33: v5 still sees 8 - X = 8; for darknet x is above 0 now",
        [(2.0**-30, 20, 6, 6)],
        yolov5=[centre(2, 0), right(2, 0)],
        yolov5_v2=[centre(2, 0)],
        yolov7_aux=[centre(2, 0), up(1, 0), right(2, 1), down(3, 0)],
        yolov3_spp=[centre(2, 0)],
        yolov3=[centre(2, 0)],
    ),
    Golden(
        "first column",
        "X = 0.25: a left half without a left cell",
        [(2, 20, 6, 6)],
        yolov5=[centre(2, 0)],
        yolov5_v2=[centre(2, 0)],
        yolov7_aux=[centre(2, 0), up(1, 0), right(2, 1), down(3, 0)],
        yolov3_spp=[centre(2, 0)],
        yolov3=[centre(2, 0)],
    ),
    Golden(
        "a quarter cell before the border",
        "X = -0.25, a fraction of 0.75: right for v2; 8 - X = 8.25: right for v5; both land in trunc(0.25) = 0,"
        " and a whole cell further in trunc(0.75) = 0",
        [(-2, 20, 6, 6)],
        yolov5=[centre(2, 0), right(2, 0)],
        yolov5_v2=[centre(2, 0), right(2, 0)],
        yolov7_aux=[centre(2, 0), up(1, 0), right(2, 0), down(3, 0)],
        yolov3_spp=[centre(2, 0)],
        yolov3=[],
    ),
    Golden(
        "far before the border",
        "X = -1.5: fractions of 0.5 on both sides, no half; the centre is clamped to cell 0, and so is trunc(-0.5)",
        [(-12, 20, 6, 6)],
        yolov5=[centre(2, 0)],
        yolov5_v2=[centre(2, 0)],
        yolov7_aux=[centre(2, 0), up(1, 0), right(2, 0), down(3, 0)],
        yolov3_spp=[centre(2, 0)],
        yolov3=[],
    ),
    Golden(
        "X = 1",
        "left needs more than 1; v5's right doubles cell 1",
        [(8, 20, 6, 6)],
        yolov5=[centre(2, 1), right(2, 1)],
        yolov5_v2=[centre(2, 1)],
        yolov7_aux=[centre(2, 1), up(1, 1), right(2, 2), down(3, 1)],
        yolov3_spp=[centre(2, 1)],
        yolov3=[centre(2, 1)],
    ),
    Golden(
        "one ulp after X = 1",
        "X = 1 + 2^-23 is above 1, so left; 8 - X rounds to 7, on a grid line, so v5's right doubles cell 1",
        [(above(8), 20, 6, 6)],
        yolov5=[centre(2, 1), left(2, 0), right(2, 1)],
        yolov5_v2=[centre(2, 1), left(2, 0)],
        yolov7_aux=[centre(2, 1), left(2, 0), up(1, 1), right(2, 2), down(3, 1)],
        yolov3_spp=[centre(2, 1)],
        yolov3=[centre(2, 1)],
    ),
    Golden(
        "Y = 0",
        "the upper border: v5's down doubles row 0; darknet drops y = 0",
        [(28, 0, 6, 6)],
        yolov5=[centre(0, 3), down(0, 3)],
        yolov5_v2=[centre(0, 3)],
        yolov7_aux=[centre(0, 3), left(0, 2), right(0, 4), down(1, 3)],
        yolov3_spp=[centre(0, 3)],
        yolov3=[],
    ),
    Golden(
        "upper left corner",
        "X = Y = 0: v5 has three rows in one slot",
        [(0, 0, 6, 6)],
        yolov5=[centre(0, 0), right(0, 0), down(0, 0)],
        yolov5_v2=[centre(0, 0)],
        yolov7_aux=[centre(0, 0), right(0, 1), down(1, 0)],
        yolov3_spp=[centre(0, 0)],
        yolov3=[],
    ),
]

HIGH_BORDER = [
    Golden(
        "X = W - 1",
        "X = 7: left, as 0 < 0.5; 8 - X = 1 is not above 1, so nobody claims right and nothing doubles",
        [(56, 20, 6, 6)],
        yolov5=[centre(2, 7), left(2, 6)],
        yolov5_v2=[centre(2, 7), left(2, 6)],
        yolov7_aux=[centre(2, 7), left(2, 6), up(1, 7), down(3, 7)],
        yolov3_spp=[centre(2, 7)],
        yolov3=[centre(2, 7)],
    ),
    Golden(
        "one ulp before X = W - 1",
        "X = 7 - 2^-21: 8 - X is above 1, so right is claimed by all, into trunc(7.5 - 2^-21) = 7 and trunc(8 -"
        " 2^-21) = 7",
        [(below(56), 20, 6, 6)],
        yolov5=[centre(2, 6), right(2, 7)],
        yolov5_v2=[centre(2, 6), right(2, 7)],
        yolov7_aux=[centre(2, 6), left(2, 5), up(1, 6), right(2, 7), down(3, 6)],
        yolov3_spp=[centre(2, 6)],
        yolov3=[centre(2, 6)],
    ),
    Golden(
        "last column",
        "X = 7.75: a right half without a right cell",
        [(62, 20, 6, 6)],
        yolov5=[centre(2, 7)],
        yolov5_v2=[centre(2, 7)],
        yolov7_aux=[centre(2, 7), left(2, 6), up(1, 7), down(3, 7)],
        yolov3_spp=[centre(2, 7)],
        yolov3=[centre(2, 7)],
    ),
    Golden(
        "one ulp before X = W",
        "X = 8 - 2^-21: still inside the last column",
        [(below(64), 20, 6, 6)],
        yolov5=[centre(2, 7)],
        yolov5_v2=[centre(2, 7)],
        yolov7_aux=[centre(2, 7), left(2, 6), up(1, 7), down(3, 7)],
        yolov3_spp=[centre(2, 7)],
        yolov3=[centre(2, 7)],
    ),
    Golden(
        "X = W",
        "x = 1: the centre's cell 8 is clamped to 7, and left, trunc(7.5) or trunc(7), is cell 7 as well, so v2"
        " doubles too; darknet keeps x = 1",
        [(64, 20, 6, 6)],
        yolov5=[centre(2, 7), left(2, 7)],
        yolov5_v2=[centre(2, 7), left(2, 7)],
        yolov7_aux=[centre(2, 7), left(2, 7), up(1, 7), down(3, 7)],
        yolov3_spp=[centre(2, 7)],
        yolov3=[centre(2, 7)],
    ),
    Golden(
        "one ulp after X = W",
        "X = 8 + 2^-20: like X = W, but darknet drops it",
        [(above(64), 20, 6, 6)],
        yolov5=[centre(2, 7), left(2, 7)],
        yolov5_v2=[centre(2, 7), left(2, 7)],
        yolov7_aux=[centre(2, 7), left(2, 7), up(1, 7), down(3, 7)],
        yolov3_spp=[centre(2, 7)],
        yolov3=[],
    ),
    Golden(
        "beyond the border",
        "X = 8.75: no half on the left; 8 - X = -0.75 has a fraction of 0.25 but is not above 1; a whole cell to"
        " the left is trunc(7.75) = 7, the clamped centre again",
        [(70, 20, 6, 6)],
        yolov5=[centre(2, 7)],
        yolov5_v2=[centre(2, 7)],
        yolov7_aux=[centre(2, 7), left(2, 7), up(1, 7), down(3, 7)],
        yolov3_spp=[centre(2, 7)],
        yolov3=[],
    ),
    Golden(
        "Y = H - 1",
        "Y = 3 of 4, although 3 is far from the 8 of the columns: up, and 4 - Y = 1 is not above 1, so not down",
        [(28, 24, 6, 6)],
        yolov5=[centre(3, 3), up(2, 3)],
        yolov5_v2=[centre(3, 3), up(2, 3)],
        yolov7_aux=[centre(3, 3), left(3, 2), up(2, 3), right(3, 4)],
        yolov3_spp=[centre(3, 3)],
        yolov3=[centre(3, 3)],
    ),
    Golden(
        "Y = H",
        "Y = 4: clamped to row 3, up lands there too; darknet keeps y = 1",
        [(28, 32, 6, 6)],
        yolov5=[centre(3, 3), up(3, 3)],
        yolov5_v2=[centre(3, 3), up(3, 3)],
        yolov7_aux=[centre(3, 3), left(3, 2), up(3, 3), right(3, 4)],
        yolov3_spp=[centre(3, 3)],
        yolov3=[centre(3, 3)],
    ),
    Golden(
        "lower right corner",
        "X = W, Y = H: three rows in the last slot",
        [(64, 32, 6, 6)],
        yolov5=[centre(3, 7), left(3, 7), up(3, 7)],
        yolov5_v2=[centre(3, 7), left(3, 7), up(3, 7)],
        yolov7_aux=[centre(3, 7), left(3, 7), up(3, 7)],
        yolov3_spp=[centre(3, 7)],
        yolov3=[centre(3, 7)],
    ),
]

SHAPES = [
    Golden(
        "width exactly anchor_t anchors",
        "16 / 4 = 4 does not fit A0, and 32 / 6 > 5 not A1. Overlaps: 16 / 96 with A0 is not above 0.2, but the"
        " best there is",
        [(28, 20, 16, 6)],
        yolov5=[],
        yolov5_v2=[],
        yolov7_aux=[],
        yolov3_spp=[],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "width one ulp below anchor_t anchors",
        "a ratio of 4 - 2^-22 fits",
        [(28, 20, below(16), 6)],
        yolov5=[centre(2, 3)],
        yolov5_v2=[centre(2, 3)],
        yolov7_aux=[centre(2, 3), left(2, 2), up(1, 3), right(2, 4), down(3, 3)],
        yolov3_spp=[],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "height exactly anchor_t anchors",
        "the worse side decides, whichever it is",
        [(28, 20, 6, 16)],
        yolov5=[],
        yolov5_v2=[],
        yolov7_aux=[],
        yolov3_spp=[],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "an anchor exactly anchor_t boxes wide",
        "4 / 1 = 4: the ratio is taken both ways. Overlap with A0: 4 / (6 + 16 - 4) = 0.22. A side of exactly one"
        " pixel is not below one pixel",
        [(28, 20, 1, 6)],
        yolov5=[],
        yolov5_v2=[],
        yolov7_aux=[],
        yolov3_spp=[centre(2, 3)],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "width one ulp above a pixel",
        "1 / (0.25 + 2^-25) = 4 - 2^-21 fits",
        [(28, 20, above(1), 6)],
        yolov5=[centre(2, 3)],
        yolov5_v2=[centre(2, 3)],
        yolov7_aux=[centre(2, 3), left(2, 2), up(1, 3), right(2, 4), down(3, 3)],
        yolov3_spp=[centre(2, 3)],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "width one ulp below a pixel",
        "darknet drops it; YOLOv3-SPP knows no smallest size",
        [(28, 20, below(1), 6)],
        yolov5=[],
        yolov5_v2=[],
        yolov7_aux=[],
        yolov3_spp=[centre(2, 3)],
        yolov3=[],
    ),
    Golden(
        "height one ulp below a pixel",
        "the pixel of the height is 1 / 32, that of the width 1 / 64",
        [(28, 20, 6, below(1))],
        yolov5=[],
        yolov5_v2=[],
        yolov7_aux=[],
        yolov3_spp=[centre(2, 3)],
        yolov3=[],
    ),
    Golden(
        "a quarter of an anchor on both sides",
        "8 x 8: a ratio of 2 to A0, and of exactly 4 to A1, which does not fit. Overlap with A0 16 / 64",
        [(28, 20, 8, 8)],
        yolov5=[centre(2, 3)],
        yolov5_v2=[centre(2, 3)],
        yolov7_aux=[centre(2, 3), left(2, 2), up(1, 3), right(2, 4), down(3, 3)],
        yolov3_spp=[centre(2, 3)],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "one ulp more than a quarter of an anchor on both sides",
        "now A1 fits too: within an offset, rows stand in the order of anchors",
        [(28, 20, above(8), above(8))],
        yolov5=[centre(2, 3), centre(2, 3, 1)],
        yolov5_v2=[centre(2, 3), centre(2, 3, 1)],
        yolov7_aux=[
            *(centre(2, 3), centre(2, 3, 1), left(2, 2), left(2, 2, 1), up(1, 3), up(1, 3, 1)),
            *(right(2, 4), right(2, 4, 1), down(3, 3), down(3, 3, 1)),
        ],
        yolov3_spp=[centre(2, 3)],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "two anchors fit",
        "12 x 12 at X = 3.25: ratios 3 and 2.67. Overlaps 16 / 144 = 0.11 and 144 / 1024 = 0.14: none above 0.2,"
        " the larger anchor is the better one",
        [(26, 20, 12, 12)],
        yolov5=[centre(2, 3), centre(2, 3, 1), left(2, 2), left(2, 2, 1)],
        yolov5_v2=[centre(2, 3), centre(2, 3, 1), left(2, 2), left(2, 2, 1)],
        yolov7_aux=[
            *(centre(2, 3), centre(2, 3, 1), left(2, 2), left(2, 2, 1), up(1, 3), up(1, 3, 1)),
            *(right(2, 4), right(2, 4, 1), down(3, 3), down(3, 3, 1)),
        ],
        yolov3_spp=[],
        yolov3=[centre(2, 3, 1)],
    ),
    Golden(
        "overlap of exactly iou_t",
        "10 x 8 contains A0: 16 / 80 = 0.2, in float32 the same number as the threshold, which is not above it",
        [(28, 20, 10, 8)],
        yolov5=[centre(2, 3)],
        yolov5_v2=[centre(2, 3)],
        yolov7_aux=[centre(2, 3), left(2, 2), up(1, 3), right(2, 4), down(3, 3)],
        yolov3_spp=[],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "overlap just above iou_t",
        "one ulp less of width: 16 / (80 - 2^-17) is above float32's 0.2",
        [(28, 20, below(10), 8)],
        yolov5=[centre(2, 3)],
        yolov5_v2=[centre(2, 3)],
        yolov7_aux=[centre(2, 3), left(2, 2), up(1, 3), right(2, 4), down(3, 3)],
        yolov3_spp=[centre(2, 3)],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "a tie of two anchors",
        "16 x 8 contains A0 and lies within A1: 16 / 128 = 128 / 1024, so darknet takes the first. Both ratios"
        " are exactly 4",
        [(28, 20, 16, 8)],
        yolov5=[],
        yolov5_v2=[],
        yolov7_aux=[],
        yolov3_spp=[],
        yolov3=[centre(2, 3)],
    ),
    Golden(
        "capped at the input's size",
        "640 x 1: darknet makes it 64 x 1, which overlaps A0 by 4 / 76 = 0.053 and the 64 x 32 of P4 by 64 / 2048"
        " = 0.031; without the cap P4 would win, 64 / 2624 against 4 / 652. The others see 640 px and ratios above"
        " 10",
        [(28, 20, 640, 1)],
        yolov5=[],
        yolov5_v2=[],
        yolov7_aux=[],
        yolov3_spp=[],
        yolov3=[centre(2, 3)],
    ),
]

LEVELS = [
    Golden(
        "two levels",
        "40 x 20: ratios 1.25 and 1.6 to A1, both 1.6 to P4's anchor, where X = 1.75 is a right half and Y = 1.25"
        " an upper one (no down: 2 - Y = 0.75). Overlaps 640 / 1184 and 800 / 2048: darknet takes the first only",
        [(28, 20, 40, 20)],
        yolov5=[centre(2, 3, 1), centre(1, 1, 0, P4), up(0, 1, 0, P4), right(1, 2, 0, P4)],
        yolov5_v2=[centre(2, 3, 1), centre(1, 1, 0, P4), up(0, 1, 0, P4), right(1, 2, 0, P4)],
        yolov7_aux=[
            *(centre(2, 3, 1), left(2, 2, 1), up(1, 3, 1), right(2, 4, 1), down(3, 3, 1)),
            *(centre(1, 1, 0, P4), left(1, 0, 0, P4), up(0, 1, 0, P4), right(1, 2, 0, P4)),
        ],
        yolov3_spp=[centre(2, 3, 1), centre(1, 1, 0, P4)],
        yolov3=[centre(2, 3, 1)],
    ),
    Golden(
        "a grid line of both levels, the last column of one",
        "X = 6 on P3 doubles (8 - X = 2), X = 3 on P4 does not (4 - X = 1)",
        [(48, 20, 40, 20)],
        yolov5=[
            centre(2, 6, 1),
            left(2, 5, 1),
            right(2, 6, 1),
            centre(1, 3, 0, P4),
            left(1, 2, 0, P4),
            up(0, 3, 0, P4),
        ],
        yolov5_v2=[centre(2, 6, 1), left(2, 5, 1), centre(1, 3, 0, P4), left(1, 2, 0, P4), up(0, 3, 0, P4)],
        yolov7_aux=[
            *(centre(2, 6, 1), left(2, 5, 1), up(1, 6, 1), right(2, 7, 1), down(3, 6, 1)),
            *(centre(1, 3, 0, P4), left(1, 2, 0, P4), up(0, 3, 0, P4)),
        ],
        yolov3_spp=[centre(2, 6, 1), centre(1, 3, 0, P4)],
        yolov3=[centre(2, 6, 1)],
    ),
    Golden(
        "larger than the input, in its middle",
        "70 x 40 at X = 4, Y = 2 on P3 and X = 2, Y = 1 on P4, all grid lines; on P4 neither Y = 1 nor 2 - Y = 1"
        " is above 1. Uncapped overlaps 1024 / 2800 and 2048 / 2800; capped to 64 x 32 the box is P4's anchor"
        " itself",
        [(32, 16, 70, 40)],
        yolov5=[
            *(centre(2, 4, 1), left(2, 3, 1), up(1, 4, 1), right(2, 4, 1), down(2, 4, 1)),
            *(centre(1, 2, 0, P4), left(1, 1, 0, P4), right(1, 2, 0, P4)),
        ],
        yolov5_v2=[centre(2, 4, 1), left(2, 3, 1), up(1, 4, 1), centre(1, 2, 0, P4), left(1, 1, 0, P4)],
        yolov7_aux=[
            *(centre(2, 4, 1), left(2, 3, 1), up(1, 4, 1), right(2, 5, 1), down(3, 4, 1)),
            *(centre(1, 2, 0, P4), left(1, 1, 0, P4), right(1, 3, 0, P4)),
        ],
        yolov3_spp=[centre(2, 4, 1), centre(1, 2, 0, P4)],
        yolov3=[centre(1, 2, 0, P4)],
    ),
]

SHARED_SLOTS = [
    Golden(
        "exact duplicates",
        "the later ground truth stands last in every slot and owns it",
        [(28, 20, 6, 6), (28, 20, 6, 6)],
        yolov5=[centre(2, 3), centre(2, 3, gt=1)],
        yolov5_v2=[centre(2, 3), centre(2, 3, gt=1)],
        yolov7_aux=[
            *(centre(2, 3), centre(2, 3, gt=1), left(2, 2), left(2, 2, gt=1), up(1, 3), up(1, 3, gt=1)),
            *(right(2, 4), right(2, 4, gt=1), down(3, 3), down(3, 3, gt=1)),
        ],
        yolov3_spp=[centre(2, 3), centre(2, 3, gt=1)],
        yolov3=[centre(2, 3), centre(2, 3, gt=1)],
    ),
    Golden(
        "a neighbour cell that is another's centre",
        "X = 3.75 and X = 4.5: the first one's right is the second one's centre, and a later row: it takes the slot",
        [(30, 20, 6, 6), (36, 20, 6, 6)],
        yolov5=[centre(2, 3), centre(2, 4, gt=1), right(2, 4)],
        yolov5_v2=[centre(2, 3), centre(2, 4, gt=1), right(2, 4)],
        yolov7_aux=[
            *(centre(2, 3), centre(2, 4, gt=1), left(2, 2), left(2, 3, gt=1), up(1, 3), up(1, 4, gt=1)),
            *(right(2, 4), right(2, 5, gt=1), down(3, 3), down(3, 4, gt=1)),
        ],
        yolov3_spp=[centre(2, 3), centre(2, 4, gt=1)],
        yolov3=[centre(2, 3), centre(2, 4, gt=1)],
    ),
    Golden(
        "one cell, two shapes",
        "different anchors are different slots: nobody contests",
        [(28, 20, 40, 20), (28, 20, 6, 6)],
        yolov5=[centre(2, 3, gt=1), centre(2, 3, 1), centre(1, 1, 0, P4), up(0, 1, 0, P4), right(1, 2, 0, P4)],
        yolov5_v2=[centre(2, 3, gt=1), centre(2, 3, 1), centre(1, 1, 0, P4), up(0, 1, 0, P4), right(1, 2, 0, P4)],
        yolov7_aux=[
            *(centre(2, 3, gt=1), centre(2, 3, 1), left(2, 2, gt=1), left(2, 2, 1), up(1, 3, gt=1), up(1, 3, 1)),
            *(right(2, 4, gt=1), right(2, 4, 1), down(3, 3, gt=1), down(3, 3, 1)),
            *(centre(1, 1, 0, P4), left(1, 0, 0, P4), up(0, 1, 0, P4), right(1, 2, 0, P4)),
        ],
        yolov3_spp=[centre(2, 3, gt=1), centre(2, 3, 1), centre(1, 1, 0, P4)],
        yolov3=[centre(2, 3, 1), centre(2, 3, gt=1)],
    ),
]

TABLE = [*INSIDE, *GRID_LINES, *LOW_BORDER, *HIGH_BORDER, *SHAPES, *LEVELS, *SHARED_SLOTS]

# YOLOv4's further anchors: (what, box, iou_t, rows of the rule yolov3).
FURTHER_ANCHORS = [
    (
        "the second level's overlap of 800 / 2048 is above 0.3",
        (28, 20, 40, 20),
        0.3,
        [centre(2, 3, 1), centre(1, 1, 0, P4)],
    ),
    ("an overlap of exactly iou_t is not above it", (28, 20, 40, 20), 800 / 2048, [centre(2, 3, 1)]),
    ("one ulp less is", (28, 20, 40, 20), below(800 / 2048), [centre(2, 3, 1), centre(1, 1, 0, P4)]),
    (
        "the best anchor (0.14) stands before the other one (0.11)",
        (28, 20, 12, 12),
        0.1,
        [centre(2, 3, 1), centre(2, 3)],
    ),
    ("the best anchor needs no threshold, its equal does", (28, 20, 16, 8), 0.125, [centre(2, 3)]),
    (
        "the first of two equals is the best, the other follows",
        (28, 20, 16, 8),
        below(0.125),
        [centre(2, 3), centre(2, 3, 1)],
    ),
    ("a dropped box gets no further anchors either", (0, 20, 40, 20), 0.1, []),
    (
        "with iou_t 0 every overlapping anchor counts, once",
        (28, 20, 6, 6),
        0.0,
        [centre(2, 3), centre(2, 3, 1), centre(1, 1, 0, P4)],
    ),
]
