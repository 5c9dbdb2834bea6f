"""Funnel plot: organisations' shares over their number of answers.

Everything is worked out from released rows: the pooled share, the funnel and the shrunk shares are functions
of what is printed, so they cannot give back a share that the gate withheld.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from toolkit.analysis import Shrunk, funnel_limits, shrink
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument
from toolkit.locale import _, localized, ngettext
from toolkit.presentation.blocks import Table, table_of
from toolkit.presentation.figures.drawing import (
    Colour,
    Description,
    bare,
    describe,
    labels_on,
    new_axes,
    paper,
    quiet,
    rule,
    unit,
)
from toolkit.presentation.numbers import base, count, decimal, interval, percent, share_number
from toolkit.presentation.rows import Results, answer_words, audience_name, item_name, shown_rows
from toolkit.presentation.theme import BRAND_COLOUR

Array = npt.NDArray[np.float64]
LEAST = 5
USUAL, FAR = 0.95, 0.998

_MOST_NAMED = 10


@dataclass(frozen=True)
class _Organisations:
    """Shares as they are, sorted by name, with what is drawn beside them."""

    names: tuple[str, ...]
    n: Array
    found: Shrunk
    pooled: float
    beyond: npt.NDArray[np.int64]
    left_out: int

    @property
    def raw(self) -> Array:
        return self.found.raw


@typed
@localized
def organisation_funnel(
    results: Any,
    instrument: Instrument,
    item: str,
    *,
    ax: Axes | None = None,
    color: Colour = BRAND_COLOUR,
    table: str = "shares",
    by: str = "organisation",
    names: Mapping[str, str] | None = None,
    audience: str | None = None,
    measure: str = "top",
    title: str | None = None,
    language: str = "en",
) -> Axes | None:
    """Draw each organisation's share over its number of answers, with what chance alone would do.

    Parameters
    ----------
    results
        Released results, or a frame, from `proportions(frame, items, by=[..., "organisation"])`.
    instrument
        For wording.
    item, measure
        Which share.
    ax
        Axes to draw on; None for a new figure.
    color
        Of the marks.
    table, by
        The shares and their column of organisations.
    names
        Organisation → the name to print; its id where it has none.
    audience
        One audience's shares, where the table has several.
    title, language
        A title of your own; the language of the wording.

    Returns
    -------
    Axes or None
        The number of answers along x, shares along y; None where fewer than five organisations' shares
        may be shown as they are. Organisations withheld, or shown as a bound, are counted in the caption
        and left out of every line.

    Raises
    ------
    InvalidInput
        Shares that are weighted (the limits are those of counts); a missing table or column.

    Notes
    -----
    Funnel: exact binomial limits about the pooled share (Spiegelhalter 2005). The open marks are shrunk
    shares (`toolkit.analysis.shrink`, beta-binomial).

    Examples
    --------
    >>> burnout = [instrument["burnout"]]
    >>> many = tk.organisation_shares(study.responses(), burnout, by="audience", measure="top")
    >>> ax = organisation_funnel({"shares": many}, instrument, "burnout", audience="employee")
    >>> tk.description_of(ax).title
    'Burnout: 1 of 12 organisations is outside the 99.8% limits'
    """
    data = _organisations(results, item, table, by, names, audience, measure, USUAL)
    if data is None:
        return None
    subject = item_name(instrument, item)
    words = answer_words(instrument[item], measure) if item in instrument else measure
    ax = new_axes(ax, 3.2, left=0.6, right=0.3, top=0.36, bottom=0.5)
    _draw(ax, data, color)
    describe(
        ax,
        Description(
            title or _title(data, subject),
            (_caption(data, words, audience_name(instrument, audience, start=True) if audience else ""),),
            _alt(data, subject, words),
        ),
    )
    return ax


@localized
def organisation_table(
    results: Any,
    instrument: Instrument,
    item: str,
    *,
    table: str = "shares",
    by: str = "organisation",
    names: Mapping[str, str] | None = None,
    audience: str | None = None,
    measure: str = "top",
    level: float = 0.95,
    title: str | None = None,
    language: str = "en",
) -> Table | None:
    """Tabulate raw and shrunken shares by name: the numbers of `organisation_funnel`.

    Parameters
    ----------
    results, instrument, item, table, by, names, audience, measure, title, language
        As in `organisation_funnel`.
    level
        Of the intervals of the shrunk shares.

    Returns
    -------
    Table or None
        One row per organisation whose share may be shown as it is; None below five.
    """
    data = _organisations(results, item, table, by, names, audience, measure, level)
    if data is None:
        return None
    found = data.found
    rows = [
        {
            _("Organisation"): name,
            _("Answers"): count(n),
            _("As answered"): share_number(raw),
            _("Shrunk"): share_number(shrunk),
            _("Interval of the shrunk share"): interval(low, high),
        }
        for name, n, raw, shrunk, low, high in zip(
            data.names, data.n, found.raw, found.shrunk, found.conf_low, found.conf_high, strict=True
        )
    ]
    columns = list(rows[0])
    subject = item_name(instrument, item)
    notes = [
        _(
            "Shrunk: beta-binomial shrinkage, maximum likelihood; {level}% intervals. In the order of "
            "names, not of shares.",
            level=decimal(level * 100),
        )
    ]
    if data.left_out:
        notes.append(_left_out(data.left_out).strip())
    return table_of(
        rows,
        columns,
        title=title or _("{subject}, organisation by organisation", subject=subject),
        kind="estimates",
        notes=notes,
        numeric=columns[1:],
    )


def _organisations(
    results: Any,
    item: str,
    table: str,
    by: str,
    names: Mapping[str, str] | None,
    audience: str | None,
    measure: str,
    level: float,
) -> _Organisations | None:
    rows = Results(results, table).table(table, ("item", "measure", by, "n", "estimate"))
    rows = rows[(rows["item"] == item) & (rows["measure"] == measure)]
    if audience is not None:
        rows = rows[rows["audience"].astype(str) == audience]
    kept = shown_rows(rows)
    kept = kept[kept["bound"] == ""].assign(
        _name=lambda f: f[by].astype(str).map(lambda i: (names or {}).get(i, i))
    )
    kept = kept.sort_values("_name", kind="stable")
    if kept[by].duplicated().any():
        raise InvalidInput(
            f"released table '{table}'",
            [
                Problem(
                    "duplicate",
                    f"column {by}",
                    "names an organisation more than once",
                    "specify which audience= is meant",
                )
            ],
        )
    if len(kept) < LEAST:
        return None
    n, estimate = kept["n"].to_numpy(np.float64), kept["estimate"].to_numpy(np.float64)
    hits = np.rint(n * estimate)
    if bool((np.abs(hits - n * estimate) > 1e-6).any()):
        hint = "make them without a design: the limits of a funnel are those of counts"
        raise InvalidInput(
            f"released table '{table}'",
            [Problem("unsuited-design", "estimate", "holds weighted shares", hint)],
        )
    pooled = float(hits.sum() / n.sum())
    low, high = funnel_limits(pooled, n, level=FAR)
    share = hits / n
    beyond = np.where(share > high + 1e-12, 1, np.where(share < low - 1e-12, -1, 0))
    return _Organisations(
        tuple(kept["_name"]),
        n,
        shrink(hits, n, level=level),
        pooled,
        beyond,
        len(rows) - len(kept),
    )


def _title(data: _Organisations, subject: str) -> str:
    far, total = int((data.beyond != 0).sum()), len(data.names)
    if not far:
        return _(
            "{subject}: {total} organisations differ no more than chance could make them",
            subject=subject,
            total=total,
        )
    return ngettext(
        "{subject}: {far} of {total} organisations is outside the {limits}% limits",
        "{subject}: {far} of {total} organisations are outside the {limits}% limits",
        far,
        subject=subject,
        far=far,
        total=total,
        limits=decimal(FAR * 100),
    )


def _caption(data: _Organisations, words: str, who: str) -> str:
    return _(
        "{share} who answered “{words}” over the number who answered. Filled: as "
        "answered. Open: drawn towards what is usual among these organisations "
        "(beta-binomial shrinkage), the small ones most. Lines: the pooled share, "
        "{pooled}, and where {usual}% and {far}% of shares would fall by chance if "
        "all organisations were alike.{left}",
        share=_("{who}: share", who=who) if who else _("Share"),
        words=words,
        pooled=percent(data.pooled),
        usual=decimal(USUAL * 100),
        far=decimal(FAR * 100),
        left=_left_out(data.left_out),
    )


def _left_out(count: int) -> str:
    if not count:
        return ""
    return " " + ngettext(
        "{count} organisation is left out: too few answers, or nearly all or nearly none gave this answer.",
        "{count} organisations are left out: too few answers, or nearly all or nearly none gave this answer.",
        count,
    )


def _alt(data: _Organisations, subject: str, words: str) -> str:
    lowest, highest = int(np.argmin(data.raw)), int(np.argmax(data.raw))
    far = [data.names[place] for place in np.flatnonzero(data.beyond)]
    return _(
        "Funnel plot of {count} organisations for {subject} ({words}): pooled share "
        "{pooled}; lowest {lowest} with {low} of {low_n}, highest {highest} with "
        "{high} of {high_n}.{beyond}",
        count=len(data.names),
        subject=subject,
        words=words,
        pooled=percent(data.pooled),
        lowest=data.names[lowest],
        low=percent(data.raw[lowest]),
        low_n=base(data.n[lowest]),
        highest=data.names[highest],
        high=percent(data.raw[highest]),
        high_n=base(data.n[highest]),
        beyond=_(" Beyond the outer limits: {names}.", names=", ".join(far))
        if far
        else _(" None is beyond the outer limits."),
    )


def _draw(ax: Axes, data: _Organisations, color: str) -> None:
    bare(ax)
    most = float(data.n.max()) * 1.06
    ax.set_xlim(0, most)
    ax.set_ylim(0, 1)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], [percent(share) for share in (0, 0.25, 0.5, 0.75, 1)])
    ax.grid(visible=True, axis="y", color=rule(), linewidth=0.6 * unit())
    ax.set_axisbelow(True)
    ax.set_xlabel(_("number who answered"), color=quiet())
    sizes = np.arange(1.0, np.floor(most) + 1)
    sizes = sizes[:: max(1, len(sizes) // 400)]
    limits = _("{usual}% and {far}% limits of chance", usual=decimal(USUAL * 100), far=decimal(FAR * 100))
    for level, wide in ((USUAL, 0.8), (FAR, 1.2)):
        for side, edge in zip(("low", "high"), funnel_limits(data.pooled, sizes, level=level), strict=True):
            ax.plot(
                sizes,
                edge,
                color=quiet(),
                linewidth=wide * unit(),
                gid=f"limit:{level:g}:{side}",
                label=limits if (level, side) == (FAR, "low") else "_",
            )
    ax.axhline(data.pooled, color=quiet(), linestyle=(0, (4, 3)), linewidth=0.8 * unit(), gid="pooled")
    ax.vlines(data.n, data.raw, data.found.shrunk, colors=color, linewidths=0.8 * unit(), zorder=2)
    style: dict[str, Any] = {"linestyle": "", "marker": "o", "color": color, "clip_on": False}
    ax.plot(
        data.n,
        data.found.shrunk,
        markersize=4.2 * unit(),
        markerfacecolor=paper(),
        gid="shrunk",
        label=_("shrunk"),
        zorder=3,
        **style,
    )
    ax.plot(data.n, data.raw, markersize=4.6 * unit(), gid="raw", label=_("as answered"), zorder=4, **style)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=3,
        frameon=False,
        labelcolor=quiet(),
        fontsize="small",
        borderaxespad=0.2,
        handlelength=1.4,
    )
    labels = labels_on(ax)
    far = np.flatnonzero(data.beyond)
    for place in far[np.argsort(-np.abs(data.raw[far] - data.pooled), kind="stable")][:_MOST_NAMED].tolist():
        # a name goes to the left where another one's mark is near on the right
        ahead = (data.n > data.n[place]) & (data.n < data.n[place] + 0.3 * most) & (data.beyond != 0)
        crowded = bool((np.abs(data.raw[ahead] - data.raw[place]) < 0.05).any())
        right = bool(data.n[place] < 0.75 * most) and not (crowded and data.n[place] > 0.25 * most)
        labels.add(
            float(data.n[place]),
            float(data.raw[place]),
            data.names[place],
            ha="left" if right else "right",
            dx=0.08 if right else -0.08,
            size=0.88,
        )
