"""What each ground truth of the pictures shown costs a model, as a table."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from assignstudy.models.predictions import PictureLoss


def compute(losses: Iterable[PictureLoss], ground_truths: pd.DataFrame) -> pd.DataFrame:
    """One row per ground truth that has a positive, the dearest first, equal ones by ``gt_id``.

    Columns: those of the table of ground truths; the weighted terms ``box_loss``, ``objectness_loss`` and
    ``class_loss``; their sum ``loss``; ``share`` of what all these ground truths cost.

    Args:
        losses: From one batch of pictures, see :func:`assignstudy.models.predictions.as_one_batch`.
        ground_truths: The run's table.
    """
    every = list(losses)
    parts = {name: [getattr(one, field).sum(axis=1) for one in every] for name, field in _FIELDS.items()}
    none = np.empty(0)
    terms = pd.DataFrame({name: np.concatenate([none, *part]) for name, part in parts.items()})
    gt_id = np.concatenate([none.astype(np.int64), *(one.gt_id for one in every)])
    table = ground_truths.set_index("gt_id").loc[gt_id].reset_index()
    loss = terms.sum(axis=1)
    table = pd.concat([table, terms], axis=1).assign(
        loss=loss,
        share=loss / loss.sum() if loss.sum() > 0 else np.nan,
    )
    table = table[(table["positives"] > 0).to_numpy(bool)]
    return table.sort_values(["loss", "gt_id"], ascending=[False, True], kind="stable").reset_index(drop=True)


_FIELDS = {"box_loss": "box", "objectness_loss": "objectness", "class_loss": "class_"}
