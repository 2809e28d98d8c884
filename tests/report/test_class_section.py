"""The section on classes holds what a page can hold."""

from __future__ import annotations

import numpy as np

from assignstudy.report.class_section import MOST_CLASSES, classes
from tests.boxes import make_dataset
from tests.views import view_of


def test_of_many_classes_the_table_has_those_with_most_boxes_and_says_so():
    many = MOST_CLASSES + 500
    class_id = [*range(many), many - 1]
    boxes = np.tile([0.5, 0.5, 0.1, 0.1], (len(class_id), 1))
    dataset = make_dataset([0] * len(class_id), boxes, [(640, 640)], class_id=class_id, classes=many)
    content = classes(view_of(dataset), "classes", "Classes")
    (table,) = content.tables
    assert len(table.rows) == MOST_CLASSES
    assert table.rows[0][0].text == f"class {many - 1}"
    assert table.note == "The first 2,000 of 2,500 classes with a box; all are in classes.parquet."
    assert len(content.pictures[0].svg) < 200_000
