"""The losses that the rules feed: from predictions and an assignment, and before any training from labels alone.

:func:`yolov5` and :func:`yolov3_spp` say what each ground truth and each level costs, :func:`formula_of` which loss
belongs to a rule, and :class:`assignstudy.losses.start.LossAtStart` what an untrained head pays on a whole data set.
"""

from assignstudy.losses.formulas import formula_of
from assignstudy.losses.published import yolov3_spp, yolov5
from assignstudy.losses.terms import Loss, LossTerms
from assignstudy.losses.weights import LossWeights

__all__ = ["Loss", "LossTerms", "LossWeights", "formula_of", "yolov3_spp", "yolov5"]
