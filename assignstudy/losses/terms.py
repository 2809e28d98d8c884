"""What a loss is made of: its three terms, shared out over ground truths and levels."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False)
class LossTerms:
    """The weighted terms of a loss, all of one shape.

    Attributes:
        total: Their sum, times the batch size where the published loss is.
        box: How badly boxes overlap.
        objectness: Cross entropy of "here is an object".
        class_: Cross entropy of the classes; 0 for a single class.
    """

    total: Tensor
    box: Tensor
    objectness: Tensor
    class_: Tensor


@dataclass(frozen=True, eq=False)
class Loss:
    r"""A loss, shared out so that the shares sum to it.

    A published term is a sum over levels of weighted means. Each element of such a mean, divided by the mean's count,
    belongs to one ground truth: a row's box loss :math:`(1 - v) / P_l` and its class loss over :math:`P_l \cdot C`
    elements to the row's ground truth; a slot's objectness over all :math:`B A H W` slots to the ground truth that owns
    the slot (the last row), or to the background if nothing claims it. So, up to rounding,

    * box and class are the sums of their per-ground-truth shares,
    * objectness is the sum of its per-ground-truth shares and the background's,
    * every term is the sum of its per-level shares, in which a level's background is included.

    A share therefore depends on how many other positives its level has: more positives make each of them cheaper.

    Attributes:
        box_shares: (G, L) weighted box loss of each ground truth on each level.
        objectness_shares: (G, L) weighted objectness of the slots that each ground truth owns on each level.
        class_shares: (G, L) weighted class loss.
        background: (L,) weighted objectness of the slots that nothing claims.
        factor: What :attr:`total` multiplies the sum of the terms by: the batch size for YOLOv5, 1 for YOLOv3-SPP.
    """

    box_shares: Tensor
    objectness_shares: Tensor
    class_shares: Tensor
    background: Tensor
    factor: float

    @property
    def total(self) -> Tensor:
        """The published loss: all terms, times :attr:`factor`; a scalar."""
        return self._scalars.total

    @property
    def box(self) -> Tensor:
        """The weighted box term, without :attr:`factor`; a scalar."""
        return self._scalars.box

    @property
    def objectness(self) -> Tensor:
        """The weighted objectness term, background included, without :attr:`factor`; a scalar."""
        return self._scalars.objectness

    @property
    def class_(self) -> Tensor:
        """The weighted class term, without :attr:`factor`; a scalar."""
        return self._scalars.class_

    @property
    def per_level(self) -> LossTerms:
        """(L,) terms of each level, its background's objectness included."""
        shares = (self.box_shares, self.objectness_shares, self.class_shares)
        box, objectness, class_ = (share.sum(dim=0) for share in shares)
        return self._terms(box, objectness + self.background, class_)

    @property
    def per_ground_truth(self) -> LossTerms:
        """(G,) terms of each ground truth; 0 for one without a positive. The background belongs to none of them."""
        return self._terms(self.box_shares.sum(dim=1), self.objectness_shares.sum(dim=1), self.class_shares.sum(dim=1))

    @property
    def _scalars(self) -> LossTerms:
        level = self.per_level
        return self._terms(level.box.sum(), level.objectness.sum(), level.class_.sum())

    def _terms(self, box: Tensor, objectness: Tensor, class_: Tensor) -> LossTerms:
        return LossTerms((box + objectness + class_) * self.factor, box, objectness, class_)
