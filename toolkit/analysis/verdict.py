"""The sentence a gap earns: generated, never hand-written."""

from __future__ import annotations

import math

from toolkit.analysis.rounding import rounded
from toolkit.arguments import typed

__all__ = ["amount", "verdict"]


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
    if any(math.isnan(value) for value in (gap, conf_low, conf_high)):
        return "no comparison could be made"
    if conf_low > margin or conf_high < -margin:
        return f"a gap of {amount(gap, unit)} {unit} ({amount(conf_low, unit)} to {amount(conf_high, unit)})"
    if conf_low >= -margin and conf_high <= margin:
        return f"views are similar to within {amount(margin, unit, exact=True)} {unit}"
    if conf_low > 0 or conf_high < 0:
        return "a difference is likely; its practical size is uncertain"
    if math.isnan(detectable):
        return "this survey cannot tell; with so few answers no gap would show"
    return f"this survey cannot tell; only gaps of about {amount(detectable, unit)} {unit} would show"


def amount(value: float, unit: str, *, exact: bool = False) -> str:
    """A difference as a sentence says it: whole points or two decimals of a scale, exactly where asked."""
    if unit.startswith("points"):
        text = f"{100 * value:.4g}" if exact else f"{rounded(100 * value):.0f}"
    else:
        text = f"{value:.4g}" if exact else f"{rounded(value, 2):.2f}"
    if float(text) == 0:
        return text.lstrip("-")
    return text.replace("-", "−")
