"""Replicate weights made from a design: jackknife, balanced half samples, bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.design import Design
from toolkit.analysis.replicates import Replicates
from toolkit.analysis.sampled import Sampled
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem
from toolkit.records import Displayed
from toolkit.weighting import Weights

__all__ = ["MadeReplicates", "make_replicates"]

Array = npt.NDArray[np.float64]
_KINDS = ("JK1", "JKn", "BRR", "Fay", "bootstrap")
_LARGEST = 2**14


@dataclass(frozen=True, repr=False)
class MadeReplicates(Displayed):
    """A frame with its replicate weights, and the design that names them."""

    frame: pd.DataFrame
    design: Design


@typed
def make_replicates(
    frame: pd.DataFrame,
    design: Design,
    *,
    kind: Literal["JK1", "JKn", "BRR", "Fay", "bootstrap"] | None = None,
    count: int = 500,
    rho: float = 0.3,
    seed: int | np.random.Generator | None = None,
    mse: bool = False,
    prefix: str = "replicate_",
) -> MadeReplicates:
    """Replicate weights of a design's primary units.

    Parameters
    ----------
    frame
        One row a respondent.
    design
        Weights, strata, clusters and finite population. Later stages are left out.
    kind
        "JK1" (drops one unit; no strata), "JKn" (drops one unit of a stratum), "BRR" and "Fay" (half
        samples; two units in every stratum), "bootstrap" (Rao, Wu and Yue 1992: n_h − 1 units drawn with
        replacement). None takes JKn where there are strata, else JK1.
    count, seed
        Of the bootstrap; it needs a seed.
    rho
        Fay's factor.
    mse
        Spread about the estimate instead of the replicates' mean.
    prefix
        Of the new columns.

    Returns
    -------
    MadeReplicates
        The frame with one more column a replicate (weights included), and the design to use with it.

    Raises
    ------
    InvalidInput
        Where the design cannot be replicated this way.

    Notes
    -----
    Finite populations shrink the variance of JK1 and JKn by 1 − n/N (through their scale) and of the
    bootstrap (through its weights); half samples leave them out, as R does. Checked against R:
    `as.svrepdesign` for JK1 and JKn.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": [1.0, 2.0, 4.0], "w": [2.0, 2.0, 2.0]})
    >>> made = make_replicates(frame, Design(weights="w"))
    >>> made.frame[list(made.design.replicates.columns)].iloc[0].tolist()
    [0.0, 3.0, 3.0]
    """
    sampled = design.over(frame, linearise=True)
    chosen = kind or ("JKn" if design.strata else "JK1")
    _refuse(design, sampled, chosen, count, rho, seed)
    strata = np.zeros(int(sampled.psu.max()) + 1, dtype=np.intp)
    strata[sampled.psu] = sampled.stratum
    scale: float | None = None
    rscales: Array | None = None
    if chosen in ("JK1", "JKn"):
        # Each unit dropped in turn, the others of its stratum standing in for it
        size = sampled.psus_in
        kept = np.where(sampled.fraction < 1)[0]
        dropped = np.where(np.isin(strata, kept))[0]
        same = strata[:, None] == strata[dropped][None, :]
        factors = np.where(same, (size / np.maximum(size - 1, 1))[strata][:, None], 1.0)
        factors[dropped, np.arange(len(dropped))] = 0.0
        rscales = ((size - 1) / size * (1 - sampled.fraction))[strata[dropped]]
        if chosen == "JK1":
            scale, rscales = float(rscales[0]), None
        else:
            scale = 1.0
    elif chosen == "bootstrap":
        random = np.random.default_rng(seed)
        factors = np.ones((len(strata), count))
        for stratum, units in enumerate(sampled.psus_in.astype(int)):
            inside = np.where(strata == stratum)[0]
            drawn = random.multinomial(units - 1, np.full(units, 1 / units), size=count).T
            shrink = np.sqrt(1 - sampled.fraction[stratum])
            factors[inside] = 1 - shrink + shrink * drawn * units / (units - 1)
    else:
        factors = _half_samples(strata, rho if chosen == "Fay" else 0.0)
    names = [f"{prefix}{at + 1:0{len(str(factors.shape[1]))}d}" for at in range(factors.shape[1])]
    taken = [name for name in names if name in frame.columns]
    if taken:
        raise InvalidInput(
            "make_replicates",
            [Problem("name-taken", f"column {taken[0]}", "is in the frame already", "choose another prefix")],
        )
    values = factors[sampled.psu] * sampled.weights[:, None]
    made = Replicates(
        names,
        kind=chosen,
        scale=scale,
        rscales=None if rscales is None else rscales.tolist(),
        rho=rho if chosen == "Fay" else None,
        mse=mse,
    )
    column = design.weights
    if not isinstance(column, str):
        column = f"{prefix}base"
        frame = frame.assign(**{column: sampled.weights})
    widened = pd.concat([frame, pd.DataFrame(values, index=frame.index, columns=names)], axis=1)
    return MadeReplicates(widened, Design(weights=column, replicates=made, df=design.df))


def _half_samples(strata: Any, rho: float) -> Array:
    """Rows of a Hadamard matrix say which of a stratum's two units counts double."""
    n_strata = int(strata.max()) + 1
    size = 1 << int(np.ceil(np.log2(n_strata + 1)))
    signs = np.ones((1, 1))
    while len(signs) < size:
        signs = np.block([[signs, signs], [signs, -signs]])
    first = np.zeros(len(strata), dtype=bool)
    first[np.unique(strata, return_index=True)[1]] = True
    chosen = signs[1:, :][strata] * np.where(first, 1.0, -1.0)[:, None]
    return np.where(chosen > 0, 2.0 - rho, rho)


def _refuse(design: Design, sampled: Sampled, kind: str, count: int, rho: float, seed: Any) -> None:
    problems = []
    if kind not in _KINDS:
        problems.append(Problem("unknown-option", "kind", f"{kind!r} is not known", f"use one of {_KINDS}"))
    if sampled.replicated is not None:
        problems.append(
            Problem("unsuited-design", "design", "has replicate weights already", "use it as it is")
        )
    if isinstance(design.weights, Weights) and design.weights.calibration is not None:
        problems.append(
            Problem(
                "unsuited-design",
                "weights",
                "are calibrated, which replicates would have to repeat",
                "replicate the design before calibration, or let the design's own errors count it",
            )
        )
    if kind == "JK1" and design.strata:
        problems.append(Problem("conflict", "kind", "JK1 has no strata and the design does", 'use "JKn"'))
    if kind in ("BRR", "Fay") and (sampled.psus_in != 2).any():
        problems.append(
            Problem(
                "unsuited-method", "strata", "do not all hold two primary units", 'use "JKn" or "bootstrap"'
            )
        )
    if kind == "Fay" and not 0 <= rho < 1:
        problems.append(Problem("out-of-range", "rho", f"is {rho}", "give a number from 0 to below 1"))
    if kind == "bootstrap" and seed is None:
        problems.append(
            Problem("missing-argument", "seed", "is not given", "give one, so that errors can be made again")
        )
    if kind == "bootstrap" and count < 2:
        problems.append(Problem("out-of-range", "count", f"is {count}", "give at least 2, better 500"))
    if kind in ("bootstrap", "JK1", "JKn") and ((sampled.psus_in < 2) & (sampled.fraction < 1)).any():
        problems.append(
            Problem(
                "lonely-unit", "strata", "hold one primary unit somewhere", "merge it with a like stratum"
            )
        )
    if kind in ("JK1", "JKn") and sampled.psus_in.sum() > _LARGEST:
        problems.append(
            Problem(
                "too-few", "clusters", f"are {int(sampled.psus_in.sum())}", "name larger units, or bootstrap"
            )
        )
    if problems:
        raise InvalidInput("make_replicates", problems)
