"""The one number by which searches compare runs."""

from __future__ import annotations

import math

import pytest

from assignstudy import objective
from assignstudy.errors import ConfigError

METRICS = {"bpr": 0.75, "unmatched": 12.0, "positives_P3": 40.0, "mean_prior_iou": None}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("bpr", 0.75),
        ("positives_P3", 40.0),
        ("-bpr", -0.75),
        ("100*bpr - 0.5*unmatched", 69.0),
        ("100 * bpr-.5*unmatched", 69.0),
        ("-0.5*unmatched+1e2*bpr", 69.0),
        ("0*bpr + 1.*unmatched", 12.0),
        ("bpr + bpr", 1.5),
    ],
)
def test_objective_is_a_metric_or_a_weighted_sum(setting, expected):
    assert objective.value(setting, METRICS) == expected


@pytest.mark.parametrize("setting", ["mean_prior_iou", "bpr + mean_prior_iou", "positives_P6"])
def test_objective_with_an_undefined_part_is_undefined(setting):
    assert math.isnan(objective.value(setting, METRICS))


EXPECTED = "objective: expected a metric or a sum such as bpr - 1e-6*unreachable, got "


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("bbr", "objective: expected a metric, got bbr; did you mean bpr?"),
        ("zzz", "objective: expected a metric, got zzz; run.json lists them"),
        ("bpr - unmached", "objective: expected a metric, got unmached; did you mean unmatched?"),
        ("", EXPECTED + "nothing"),
        ("0.5", EXPECTED + "0.5"),
        ("bpr unmatched", EXPECTED + "bpr unmatched"),
        ("bpr -", EXPECTED + "bpr -"),
        ("bpr * 2", EXPECTED + "bpr * 2"),
        ("bpr - 2 * * unmatched", EXPECTED + "bpr - 2 * * unmatched"),
        ("2bpr", EXPECTED + "2bpr"),
        ("{bpr: 1}", EXPECTED + "{bpr: 1}"),
    ],
)
def test_objective_that_cannot_be_used_is_refused(setting, sentence):
    with pytest.raises(ConfigError) as error:
        objective.weights(setting)
    assert str(error.value) == sentence
