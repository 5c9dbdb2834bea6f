"""Post-stratification: weights that reproduce the known total of every cell."""

from __future__ import annotations

import pandas as pd

from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import is_missing_code
from toolkit.weighting.raking import Margins, rake
from toolkit.weighting.weights import Weights

__all__ = ["poststratify"]


@typed
def poststratify(
    frame: pd.DataFrame,
    targets: pd.DataFrame | Margins,
    *,
    base: str | pd.Series | Numbers | None = None,
) -> Weights:
    """Post-stratify weights to the known total of every cell.

    Parameters
    ----------
    frame
        One row a respondent.
    targets
        Column → category → total for one column; or a frame with one row a cell: the cell's columns and
        `total`.
    base
        Weights to start from, a column's name or one number a row; None starts from equal weights.

    Raises
    ------
    InvalidInput
        As `rake`: cells in targets and not in the data, or the other way round, are named.

    Notes
    -----
    Checked against R: `survey::postStratify`.

    Examples
    --------
    >>> frame = pd.DataFrame({"audience": ["a", "a", "b"]})
    >>> poststratify(frame, {"audience": {"a": 10, "b": 30}}).values.tolist()
    [5.0, 5.0, 30.0]
    """
    table = _as_table(targets)
    columns = [name for name in table.columns if name != "total"]
    absent = [
        Problem(
            "unknown-column",
            f"column {name}",
            "is not in the frame",
            near_names(str(name), map(str, frame.columns)),
        )
        for name in columns
        if name not in frame.columns
    ]
    if absent:
        raise InvalidInput("targets", absent)
    if len(columns) == 1:
        joint, wanted = frame[columns[0]], table[columns[0]].tolist()
        name = columns[0]
    else:
        name = " × ".join(map(str, columns))
        joint = pd.Series(
            list(frame[columns].itertuples(index=False, name=None)), index=frame.index, dtype=object
        )
        blank = frame[columns].isna().any(axis=1)
        for name_of_part in columns:
            blank |= frame[name_of_part].map(is_missing_code, na_action="ignore").eq(True)
        joint[blank] = None
        wanted = list(table[columns].itertuples(index=False, name=None))
    if len(set(wanted)) < len(wanted):
        raise InvalidInput(
            "targets", [Problem("duplicate", "targets", "name a cell twice", "give each cell one total")]
        )
    return rake(
        frame.assign(**{name: joint}), {name: dict(zip(wanted, table["total"], strict=True))}, base=base
    )


def _as_table(targets: pd.DataFrame | Margins) -> pd.DataFrame:
    if isinstance(targets, pd.DataFrame):
        if "total" not in targets.columns or targets.shape[1] < 2 or targets.empty:
            raise InvalidInput(
                "targets",
                [
                    Problem(
                        "missing-column",
                        "targets",
                        "need the cell's columns and total",
                        "give one row a cell",
                    )
                ],
            )
        return targets
    if len(targets) != 1:
        raise InvalidInput(
            "targets",
            [
                Problem(
                    "too-many",
                    "targets",
                    f"name {len(targets)} columns",
                    "give one column, or a frame with one row a cell; margins are for rake()",
                )
            ],
        )
    name, totals = next(iter(targets.items()))
    return pd.DataFrame({name: list(totals), "total": list(totals.values())})
