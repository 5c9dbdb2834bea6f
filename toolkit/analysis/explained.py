"""What calibrated weights explain of many items, as a few numbers an item instead of one a row."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from toolkit.analysis.group_sums import Term
from toolkit.analysis.sampled import Sampled
from toolkit.weighting import Calibration
from toolkit.weighting.sums import sums_within

__all__ = ["Explained", "explained_by"]

Array = npt.NDArray[np.float64]


class Explained(Protocol):
    """A residual z − B c: B is one row a respondent and the same for all items, c a few numbers an item.

    `terms` are the sums it needs of every item, `count` how many numbers c has a group.
    """

    count: int
    terms: dict[str, Term]

    def coefficients(self, sums: dict[str, Array], mean: Array, safe: Array) -> Array:
        """c: items × count × groups."""
        ...

    def within(self, taken: Array) -> Array:
        """B c summed over each unit: items × groups × units."""
        ...

    def spread(self, sums: dict[str, Array], mean: Array, safe: Array, taken: Array) -> Array:
        """What Σ scale (z − B c)² over rows has beyond Σ scale z²."""
        ...


def explained_by(sampled: Sampled, cells: Any, groups: int, unit: Any, units: int) -> Explained:
    """What the weights of a design explain.

    Parameters
    ----------
    sampled
        A design with calibrated weights.
    cells, groups
        Group of each row (`groups` for none), and how many there are.
    unit, units
        Stratum of each row where every row is a unit, else its primary unit; and how many there are.
    """
    calibration = sampled.calibration
    if calibration is None:
        raise ValueError("the weights of this design are not calibrated")
    scale = sampled.scale[sampled.stratum]
    if calibration.kind == "regression":
        return _ByColumns(sampled, calibration, cells, groups, unit, units, scale)
    return _ByCells(sampled, calibration, cells, groups, unit, units, scale)


class _ByCells:
    """Margins: everybody of a crossed cell shares what is explained."""

    def __init__(
        self,
        sampled: Sampled,
        calibration: Calibration,
        cells: Any,
        groups: int,
        unit: Any,
        units: int,
        scale: Array,
    ) -> None:
        crossed, categories = calibration.crossed
        self._calibration, self._groups = calibration, groups
        self.count = len(categories[0])
        after = calibration.after
        joint = np.where(cells < groups, crossed * groups + cells, self.count * groups)
        size = self.count * groups
        mine = calibration.counted * sampled.weights / np.where(after > 0, after, 1.0)
        self.terms = {
            "cell_y": Term(joint, size, mine),
            "cell": Term(joint, size, mine, "known"),
        }
        if sampled.element:
            moved = scale * after * sampled.weights
            self.terms["moved_y"] = Term(joint, size, moved)
            self.terms["moved"] = Term(joint, size, moved, "known")
        self._squared = np.bincount(crossed, weights=scale * after**2, minlength=self.count)
        # Units × cells: the weight each unit has in each cell
        from scipy.sparse import csr_array

        self._held = csr_array((after, (unit, crossed)), shape=(units, self.count))

    def coefficients(self, sums: dict[str, Array], mean: Array, safe: Array) -> Array:
        each = self._contribution(sums["cell_y"], sums["cell"], mean, safe)
        flat = each.transpose(1, 0, 2).reshape(self.count, -1)
        found = self._calibration.explained(flat).reshape(self.count, len(mean), self._groups)
        return np.ascontiguousarray(found.transpose(1, 0, 2))

    def within(self, taken: Array) -> Array:
        return np.array([(self._held @ one).T for one in taken])

    def spread(self, sums: dict[str, Array], mean: Array, safe: Array, taken: Array) -> Array:
        moved = self._contribution(sums["moved_y"], sums["moved"], mean, safe)
        return _spread(moved, taken, taken * self._squared[None, :, None])

    def _contribution(self, y: Array, known: Array, mean: Array, safe: Array) -> Array:
        shape = (-1, self.count, self._groups)
        found: Array = (y.reshape(shape) - mean[:, None] * known.reshape(shape)) / safe[:, None]
        return found


class _ByColumns:
    """Totals of categories and numbers: a regression on their columns."""

    def __init__(
        self,
        sampled: Sampled,
        calibration: Calibration,
        cells: Any,
        groups: int,
        unit: Any,
        units: int,
        scale: Array,
    ) -> None:
        basis, size = calibration.basis
        self.count, self._groups = basis.shape[1], groups
        lifted = basis * size[:, None]
        self.terms = {}
        for at in range(self.count):
            mine = basis[:, at] * sampled.weights / size
            self.terms[f"column{at}_y"] = Term(cells, groups, mine)
            self.terms[f"column{at}"] = Term(cells, groups, mine, "known")
        if sampled.element:
            for at in range(self.count):
                moved = scale * lifted[:, at] * sampled.weights
                self.terms[f"moved{at}_y"] = Term(cells, groups, moved)
                self.terms[f"moved{at}"] = Term(cells, groups, moved, "known")
        self._squared = lifted.T @ (scale[:, None] * lifted)
        self._held = sums_within(unit, lifted, units)

    def coefficients(self, sums: dict[str, Array], mean: Array, safe: Array) -> Array:
        return self._contribution("column", sums, mean, safe)

    def within(self, taken: Array) -> Array:
        found: Array = np.matmul(self._held, taken).transpose(0, 2, 1)
        return found

    def spread(self, sums: dict[str, Array], mean: Array, safe: Array, taken: Array) -> Array:
        return _spread(self._contribution("moved", sums, mean, safe), taken, np.matmul(self._squared, taken))

    def _contribution(self, name: str, sums: dict[str, Array], mean: Array, safe: Array) -> Array:
        found = np.empty((len(mean), self.count, self._groups))
        for at in range(self.count):
            found[:, at] = (sums[f"{name}{at}_y"] - mean * sums[f"{name}{at}"]) / safe
        return found


def _spread(moved: Array, taken: Array, squared: Array) -> Array:
    """−cᵀm − mᵀc + cᵀEc, one matrix an item."""
    turned = taken.transpose(0, 2, 1)
    across = np.matmul(turned, moved)
    found: Array = np.matmul(turned, squared) - across - across.transpose(0, 2, 1)
    return found
