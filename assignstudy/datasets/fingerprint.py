"""The fingerprint: whether two runs looked at the same labels."""

from __future__ import annotations

import hashlib

import numpy as np

from assignstudy.types import Dataset


def fingerprint(dataset: Dataset) -> str:
    """SHA-256 over what an assignment depends on: image sizes, classes, boxes, what is ignored, and their order.

    Images come ordered by their relative path, so where a data set lies, what it is called and in which format it was
    written do not matter, as long as the same float32 boxes come out.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for tensor, layout in (
        (dataset.image_wh_orig, "<i4"),
        (dataset.image_index, "<i8"),
        (dataset.class_id, "<i8"),
        (dataset.cxcywh_norm_orig, "<f4"),
        (dataset.ignored, "|b1"),
    ):
        digest.update(f"{tuple(tensor.shape)}{layout};".encode())
        # Little-endian on every machine, so that the same labels have one fingerprint everywhere.
        digest.update(np.ascontiguousarray(tensor.numpy(), dtype=layout).tobytes())
    return digest.hexdigest()
