"""Distribution functions behind ordered answers: each with its density and the density's slope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, ndtr

__all__ = ["CURVES", "Curve"]

Array = npt.NDArray[np.floating[Any]]
Curve = Callable[[Array], tuple[Array, Array, Array]]


def logit(z: Array) -> tuple[Array, Array, Array]:
    p = expit(z)
    slope = p * (1 - p)
    return p, slope, slope * (1 - 2 * p)


def probit(z: Array) -> tuple[Array, Array, Array]:
    near = np.clip(z, -40, 40)
    density = np.exp(-near * near / 2) / np.sqrt(2 * np.pi)
    return np.asarray(ndtr(z)), density, -near * density


def loglog(z: Array) -> tuple[Array, Array, Array]:
    rate = np.exp(-np.clip(z, -600, 600))
    p = np.exp(-rate)
    with np.errstate(over="ignore"):
        density = np.where(rate < 700, p * np.minimum(rate, 1e300), 0.0)
        return p, density, np.where(rate < 700, density * (np.minimum(rate, 1e300) - 1), 0.0)


def cloglog(z: Array) -> tuple[Array, Array, Array]:
    p, density, bend = loglog(-z)
    return 1 - p, density, -bend


CURVES: dict[str, Curve] = {"logit": logit, "probit": probit, "cloglog": cloglog, "loglog": loglog}
