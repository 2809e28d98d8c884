"""Which run of one sweep answers to which run of another: the one with the same values of what was swept."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from assignstudy.statistics.sweep_parameters import records, swept, value_text


@dataclass(frozen=True)
class Alignment:
    """Two tables of runs beside each other.

    Attributes:
        names: The parameters that they are aligned on: all that were varied in either.
        pairs: Row labels of runs with the same values of them, in the order of the first table.
        only_a: Row labels of runs of the first table without a partner.
        only_b: The same for the second table.
    """

    names: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    only_a: tuple[int, ...]
    only_b: tuple[int, ...]


def align(runs_a: pd.DataFrame, runs_b: pd.DataFrame) -> Alignment:
    """Runs with the same values of all parameters that were varied on either side; two single runs are a pair anyway.

    Parameters that are the same in all runs of one side may differ between the sides: that is what is compared.

    Args:
        runs_a: Finished runs; no two of them are equal in what was varied.
        runs_b: Others, see there.
    """
    names = tuple(dict.fromkeys((*swept(runs_a), *swept(runs_b))))
    keys_a, keys_b = (_keys(runs, names) for runs in (runs_a, runs_b))
    pairs = tuple((row, keys_b[key]) for key, row in keys_a.items() if key in keys_b)
    return Alignment(
        names,
        pairs,
        tuple(row for key, row in keys_a.items() if key not in keys_b),
        tuple(row for key, row in keys_b.items() if key not in keys_a),
    )


def _keys(runs: pd.DataFrame, names: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    """The row of each combination of values, as text: 640 is the same whether or not its column holds text, too."""
    values = {row: tuple(value_text(run.get(name)) for name in names) for row, run in records(runs).items()}
    return {key: row for row, key in values.items()}
