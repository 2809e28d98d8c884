"""Networks to look into: what a model puts into the cells that a rule makes positive.

A model never changes what a rule decides; it is only shown the pictures that a page shows. One picture goes through it
once, in evaluation mode and without gradients. :mod:`~assignstudy.models.loading` builds or loads it,
:mod:`~assignstudy.models.taps` reads its layers, :mod:`~assignstudy.models.study` says what was found, as arrays.
"""
