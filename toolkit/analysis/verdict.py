"""The sentence a gap earns: generated, never hand-written."""

from __future__ import annotations

import math

from toolkit.analysis.rounding import rounded
from toolkit.arguments import typed

__all__ = ["VERDICTS", "amount", "verdict", "verdict_code"]

VERDICTS = {
    "gap": "a gap of {gap} {unit} ({low} to {high})",
    "similar": "views are similar to within {margin} {unit}",
    "likely": "a difference is likely; its practical size is uncertain",
    "undecided": "this survey cannot tell; only gaps of about {detectable} {unit} would show",
    "too_few": "this survey cannot tell; with so few answers no gap would show",
    "not_computed": "no comparison could be made",
    "not_comparable": "not comparable",
}
"""Code of a verdict → its sentence."""


@typed
def verdict(
    gap: float,
    conf_low: float,
    conf_high: float,
    *,
    margin: float = 0.10,
    detectable: float = math.nan,
    unit: str = "points",
) -> str:
    """Say what an interval allows one to say.

    Parameters
    ----------
    gap, conf_low, conf_high
        The difference and its interval: fractions where `unit` is "points", else in units of the measure.
    margin
        Differences within it are of no practical weight.
    detectable
        The smallest difference such a survey finds; NaN where none would show.
    unit
        "points", or words that begin so, for fractions (×100 in the sentence); else such as "on the scale".

    Returns
    -------
    str
        Beyond the margin: the gap and its interval. Inside the margin: similar. Without 0 but across the
        margin: likely, of uncertain size. Otherwise: cannot tell, and what could have been seen.

    Notes
    -----
    Rounding happens in the sentence alone, half away from zero: whole points, or two decimals of a scale.

    Examples
    --------
    >>> verdict(0.24, 0.12, 0.35)
    'a gap of 24 points (12 to 35)'
    >>> verdict(0.05, -0.14, 0.22, detectable=0.31)
    'this survey cannot tell; only gaps of about 31 points would show'
    """
    code = verdict_code(gap, conf_low, conf_high, margin=margin, detectable=detectable)
    if code == "not_computed":
        return VERDICTS[code]
    sizes = {"gap": gap, "low": conf_low, "high": conf_high}
    words = {name: amount(value, unit) for name, value in sizes.items()}
    words["detectable"] = amount(detectable, unit) if code == "undecided" else ""
    return VERDICTS[code].format(**words, margin=amount(margin, unit, exact=True), unit=unit)


def verdict_code(
    gap: float, conf_low: float, conf_high: float, *, margin: float = 0.10, detectable: float = math.nan
) -> str:
    """Decide what an interval allows one to say, as a code of `VERDICTS`.

    Parameters
    ----------
    gap, conf_low, conf_high, margin, detectable
        As in `verdict`.

    Examples
    --------
    >>> verdict_code(0.24, 0.12, 0.35)
    'gap'
    """
    if any(math.isnan(value) for value in (gap, conf_low, conf_high)):
        return "not_computed"
    if conf_low > margin or conf_high < -margin:
        return "gap"
    if conf_low >= -margin and conf_high <= margin:
        return "similar"
    if conf_low > 0 or conf_high < 0:
        return "likely"
    return "too_few" if math.isnan(detectable) else "undecided"


def amount(value: float, unit: str, *, exact: bool = False) -> str:
    """A difference as a sentence says it: whole points or two decimals of a scale, exactly where asked."""
    if unit.startswith("points"):
        text = f"{100 * value:.4g}" if exact else f"{rounded(100 * value):.0f}"
    else:
        text = f"{value:.4g}" if exact else f"{rounded(value, 2):.2f}"
    if float(text) == 0:
        return text.lstrip("-")
    return text.replace("-", "−")
