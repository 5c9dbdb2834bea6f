"""Figures for research: forests, heat maps, trends, distributions, data quality.

They draw frames that the analysis functions, statsmodels or pandas return. Only `group_map` is in reports.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import ConciseDateFormatter

from toolkit.analysis.answers import Items, missing_summary, numbers
from toolkit.analysis.derived import ticks
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Variable
from toolkit.presentation.figures.drawing import (
    WIDTH,
    Colour,
    ColourMap,
    Description,
    describe,
    group_colours,
    labels_on,
    new_axes,
    new_figure,
    paper,
    quiet,
    rule,
    unit,
)
from toolkit.presentation.theme import AUDIENCE_COLOURS, BRAND_COLOUR
from toolkit.responses.frames import plain
from toolkit.weighting.weights import Weights

Array = npt.NDArray[np.float64]


@typed
def forest(
    rows: Any,
    *,
    label: str | Sequence[str] | None = None,
    ax: Axes | None = None,
    color: Colour = BRAND_COLOUR,
    margin: float | None = None,
    exponentiate: bool = False,
    zero: float = 0.0,
    title: str | None = None,
) -> Axes:
    """Draw estimates with their intervals, one per row: coefficients, drivers, effects or gaps.

    Parameters
    ----------
    rows
        A frame with an estimate ("estimate", "gap", "effect" or "coef") and "conf_low", "conf_high"; or a
        fitted model with `params` and `conf_int()`.
    label
        Column or columns that name a row; default: the index, or "item", with the groups of a gap where an
        item has several.
    ax
        Axes to draw on; None for a new figure sized to the rows.
    color
        Of intervals that leave out the line of no effect; the others are grey.
    margin
        Shade this far to both sides of `zero`, as in an equivalence test.
    exponentiate
        Draw odds or rate ratios on a log scale; the line is then at 1. Rows of
        `coefficients(exponentiate=True)` are drawn like this without it.
    zero
        Where there is no effect.
    title
        A title of your own.

    Returns
    -------
    Axes
        Estimates along x, one tick per row along y.

    Raises
    ------
    InvalidInput
        No estimate, or no interval, in the columns.

    Examples
    --------
    >>> rows = pd.DataFrame({"estimate": [0.2, -0.1], "conf_low": [0.1, -0.3], "conf_high": [0.3, 0.1]},
    ...                     index=["age", "tenure"])
    >>> forest(rows).get_title()
    '1 of 2 intervals leaves out 0'
    """
    frame = _as_estimates(rows, label)
    if frame.empty:
        hint = "give rows with an estimate and an interval"
        raise InvalidInput("forest", [Problem("no-answers", "rows", "hold nothing that can be drawn", hint)])
    kinds = rows["kind"] if isinstance(rows, pd.DataFrame) and "kind" in rows else pd.Series(dtype="str")
    ratios = bool(kinds.isin(["OR", "RR", "exp(b)"]).any())
    if exponentiate and not ratios:
        frame[["estimate", "conf_low", "conf_high"]] = np.exp(frame[["estimate", "conf_low", "conf_high"]])
    exponentiate = exponentiate or ratios
    if exponentiate:
        zero = float(np.exp(zero))
    clear = ((frame["conf_low"] > zero) | (frame["conf_high"] < zero)).to_numpy()
    ax = _rows_axes(ax, len(frame), frame.index)
    y = np.arange(len(frame), dtype=float)
    if margin is not None:
        ax.axvspan(zero - margin, zero + margin, color=rule(), alpha=0.5, zorder=0, linewidth=0)
    ax.axvline(zero, color=quiet(), linewidth=unit(), zorder=1)
    for mask, tint in ((clear, color), (~clear, quiet())):
        own = frame[mask]
        ax.hlines(y[mask], own["conf_low"], own["conf_high"], color=tint, linewidth=1.6 * unit(), zorder=2)
        ax.plot(own["estimate"], y[mask], "o", color=tint, markersize=5.5 * unit(), zorder=3)
    if exponentiate:
        ax.set_xscale("log")
        low, high = ax.get_xlim()
        if high < 10 * low:  # within one power of ten a log axis has no ticks of its own
            ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
        ax.xaxis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:g}"))
        ax.xaxis.set_minor_formatter(mpl.ticker.NullFormatter())
    count = int(clear.sum())
    finding = f"{count} of {len(frame)} intervals leave{'s' if count == 1 else ''} out {zero:g}"
    alt = "; ".join(
        f"{name}: {row.estimate:.2f} ({row.conf_low:.2f} to {row.conf_high:.2f})"
        for name, row in zip(map(str, frame.index), frame.itertuples(index=False), strict=True)
    )
    describe(ax, Description(title or finding, alt=f"Forest plot. {alt}."))
    return ax


def _as_estimates(rows: Any, label: str | Sequence[str] | None) -> pd.DataFrame:
    """Convert to rows of estimate, conf_low and conf_high, indexed by their labels."""
    if hasattr(rows, "params") and hasattr(rows, "conf_int"):
        ends = np.asarray(rows.conf_int(), dtype=np.float64)
        params = pd.Series(rows.params)
        frame = pd.DataFrame({"estimate": params, "conf_low": ends[:, 0], "conf_high": ends[:, 1]})
        if hasattr(rows.model, "k_levels"):  # an ordered model: its thresholds are not effects
            return frame.iloc[: rows.model.k_vars]
        return frame[params.index != "Intercept"]
    table = getattr(rows, "table", rows)
    if not isinstance(table, pd.DataFrame):
        what = f"must be a frame or a fitted model (got {type(rows).__name__})"
        raise InvalidInput(
            "forest", [Problem("wrong-type", "rows", what, "give a frame of estimates with intervals")]
        )
    names = ("estimate", "gap", "effect", "coef", "importance", "weight")
    found = next((name for name in names if name in table.columns), None)
    lacking = [name for name in ("conf_low", "conf_high") if name not in table.columns]
    if found is None or lacking:
        missing = ([] if found else ["estimate"]) + lacking
        raise InvalidInput(
            "forest",
            [
                Problem(
                    "missing-column",
                    "rows",
                    f"lack the column(s) {', '.join(missing)}",
                    "give them those names",
                )
            ],
        )
    keys = [label] if isinstance(label, str) else [] if label is None else list(label)
    keys = keys or [name for name in ("item", "term", "driver") if name in table.columns][:1]
    unknown = [name for name in keys if name not in table.columns]
    if unknown:
        raise InvalidInput(
            "forest",
            [
                Problem(
                    "unknown-column",
                    f"label '{unknown[0]}'",
                    "not found",
                    near_names(unknown[0], table.columns),
                )
            ],
        )
    if label is None and {"item", "audience_a", "audience_b"} <= set(table.columns):
        between = slice(table.columns.get_loc("item") + 1, table.columns.get_loc("audience_b") + 1)
        keys += [name for name in table.columns[between] if table[name].astype(str).nunique() > 1]
    index = table[keys].astype(str).agg(" · ".join, axis=1) if keys else table.index
    frame = pd.DataFrame(
        {"estimate": table[found].to_numpy(np.float64), "conf_low": table["conf_low"].to_numpy(np.float64),
         "conf_high": table["conf_high"].to_numpy(np.float64)}, index=pd.Index(index)
    )  # fmt: skip
    return frame.dropna()


@typed
def heatmap(
    rows: pd.DataFrame,
    *,
    columns: str = "organisation",
    index: str = "item",
    values: str = "estimate",
    ax: Axes | None = None,
    cmap: ColourMap = "vlag",
    center: float | None = None,
    fmt: str = ".0%",
    title: str | None = None,
) -> Axes:
    """Draw items × groups as a heat map (seaborn), each cell with its number.

    Parameters
    ----------
    rows
        Estimates or gaps in long form.
    columns, index, values
        Columns of `rows` that become the map's columns, rows and cells.
    ax
        Axes to draw on; None for a new figure sized to the map.
    cmap, center
        Colours, and the value of the middle one; default: the mean of all cells.
    fmt
        How a cell is printed; shares as percentages.
    title
        A title of your own.

    Raises
    ------
    InvalidInput
        A column is missing, or a cell occurs twice.

    Examples
    --------
    >>> rows = pd.DataFrame({"item": ["mood", "mood", "pay", "pay"], "organisation": list("ABAB"),
    ...                      "estimate": [0.4, 0.7, 0.5, 0.55]})
    >>> heatmap(rows).get_title()
    'Organisations differ most on mood: 40% to 70%'
    """
    import seaborn as sns

    _need(rows, [columns, index, values], "heatmap")
    if rows.duplicated([index, columns]).any():
        what = f"holds several rows per {index} and {columns}"
        raise InvalidInput(
            "heatmap", [Problem("duplicate", "rows", what, "keep one measure and one group of respondents")]
        )
    try:
        format(1.0, fmt)
    except ValueError as error:
        hint = "give a format of numbers, such as .0% or .2f"
        raise InvalidInput("heatmap", [Problem("malformed", "fmt", f"is {fmt!r}", hint)]) from error
    table = rows.pivot(index=index, columns=columns, values=values).astype(float)
    table = table.reindex(index=rows[index].drop_duplicates(), columns=rows[columns].drop_duplicates())
    middle = float(np.nanmean(table.to_numpy())) if center is None else center
    ax = new_axes(ax, 0.26 * len(table) + 0.2, left=2.2, right=0.2, top=0.3, bottom=0.9)
    sns.heatmap(
        table, ax=ax, cmap=cmap, center=middle, annot=True, fmt=fmt, cbar=False, linewidths=0.5,
        annot_kws={"size": 0.85 * mpl.rcParams["font.size"]},
    )  # fmt: skip
    ax.set(xlabel="", ylabel="")
    ax.tick_params(length=0)
    spread = table.max(axis=1) - table.min(axis=1)
    widest = spread.idxmax()
    ends = [f"{end:{fmt}}" for end in (table.loc[widest].min(), table.loc[widest].max())]
    finding = f"{columns.capitalize()}s differ most on {widest}: {ends[0]} to {ends[1]}"
    cells = "; ".join(
        f"{name}: " + ", ".join(f"{column} {value:{fmt}}" for column, value in row.dropna().items())
        for name, row in table.iterrows()
    )
    describe(ax, Description(title or finding, alt=f"Heat map. {cells}."))
    return ax


MAP_LIMIT = 0.30
"""Difference at which the colours of a group map are darkest, whatever the differences are."""


def group_map(
    cells: pd.DataFrame,
    *,
    title: str = "",
    caption: Sequence[str] = (),
    colours: tuple[str, str] = (AUDIENCE_COLOURS[0], AUDIENCE_COLOURS[1]),
    ax: Axes | None = None,
) -> Axes:
    """Draw differences of items × groups; colour only where a difference is clear, on an absolute scale.

    Parameters
    ----------
    cells
        One row per item and group: item and group as printed, difference (a fraction; missing where it may
        not be shown), clear (beyond chance), mark (printed after the number).
    title, caption
        The finding, and how to read the map.
    colours
        Of groups above and below.
    ax
        Axes to draw on; None for a new figure sized to the map.

    Raises
    ------
    InvalidInput
        A column is missing, or a cell occurs twice.
    """
    from toolkit.presentation.numbers import points

    _need(cells, ["item", "group", "difference", "clear", "mark"], "group_map")
    if cells.duplicated(["item", "group"]).any():
        hint = "keep one row per item and group"
        raise InvalidInput("group_map", [Problem("duplicate", "cells", "hold a cell twice", hint)])
    items, groups = list(dict.fromkeys(cells["item"])), list(dict.fromkeys(cells["group"]))
    ax = new_axes(ax, 0.27 * len(items), left=2.2, right=0.15, top=0.55, bottom=0.1)
    ax.set_xlim(0, len(groups))
    ax.set_ylim(len(items), 0)
    ax.set_xticks(np.arange(len(groups)) + 0.5, groups)
    ax.set_yticks(np.arange(len(items)) + 0.5, [textwrap.fill(one, 36) for one in items])
    ax.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    ax.spines[:].set_visible(False)
    ax.set_xticks(range(len(groups) + 1), minor=True)
    ax.set_yticks(range(len(items) + 1), minor=True)
    ax.grid(which="minor", color=rule(), linewidth=0.6)
    ax.tick_params(which="minor", length=0)
    text = labels_on(ax)
    for row in cells.itertuples(index=False):
        x, y = groups.index(row.group), items.index(row.item)
        if pd.isna(row.difference):
            text.add(x + 0.5, y + 0.5, "·", ha="center", color=quiet())
            continue
        if row.clear:
            strength = 0.25 + 0.45 * min(abs(row.difference) / MAP_LIMIT, 1)
            shade = (*mpl.colors.to_rgb(colours[0 if row.difference > 0 else 1]), strength)
            ax.add_patch(mpl.patches.Rectangle((x, y), 1, 1, facecolor=shade, edgecolor="none"))
        words = points(row.difference, signed=True) + row.mark
        text.add(x + 0.5, y + 0.5, words, ha="center", weight="bold" if row.clear else "normal")
    wording = [
        f"{row.item}, {row.group}: {points(row.difference, signed=True)}"
        for row in cells.itertuples(index=False)
        if row.clear
    ]
    describe(ax, Description(title, caption=tuple(caption), alt="; ".join(wording) or title))
    return ax


@typed
def correlation_matrix(
    frame: pd.DataFrame,
    items: Items,
    *,
    method: Literal["spearman", "pearson", "kendall"] = "spearman",
    ax: Axes | None = None,
    cmap: ColourMap = "vlag",
    title: str | None = None,
) -> Axes:
    """Draw pairwise correlations of items, the lower triangle (seaborn).

    Parameters
    ----------
    frame
        One row per respondent; ordered categoricals of codes are read as numbers.
    items
        Columns.
    method
        "spearman", "pearson" or "kendall", as `pandas.DataFrame.corr`.
    ax, cmap, title
        As in `heatmap`.

    Examples
    --------
    >>> answers = pd.DataFrame({"mood": [1, 2, 3, 4, 5, 5], "load": [5, 4, 4, 2, 1, 1]})
    >>> correlation_matrix(answers, ["mood", "load"]).get_title()
    'load and mood correlate most: -0.99'
    """
    import seaborn as sns

    items = _columns(items)
    _need(frame, items, "correlation_matrix")
    table = numbers(frame, items).corr(method=method)
    ax = new_axes(ax, 0.42 * len(items), left=1.6, right=0.3, top=0.3, bottom=1.0)
    hide = np.triu(np.ones_like(table, dtype=bool))
    sns.heatmap(
        table, mask=hide, ax=ax, cmap=cmap, vmin=-1, vmax=1, center=0, annot=True, fmt=".2f", cbar=False,
        linewidths=0.5, annot_kws={"size": 0.8 * mpl.rcParams["font.size"]},
    )  # fmt: skip
    ax.tick_params(length=0)
    pairs = table.where(~hide & ~np.eye(len(table), dtype=bool)).stack()
    strongest = pairs.abs().idxmax()
    finding = f"{strongest[0]} and {strongest[1]} correlate most: {pairs[strongest]:.2f}"
    alt = "; ".join(f"{a} with {b}: {value:.2f}" for (a, b), value in pairs.items())
    describe(ax, Description(title or finding, alt=f"Correlations ({method}). {alt}."))
    return ax


@typed
def scree(
    frame: pd.DataFrame,
    items: Items,
    *,
    draws: int = 200,
    seed: int,
    ax: Axes | None = None,
    color: Colour = BRAND_COLOUR,
    title: str | None = None,
) -> Axes:
    """Draw the eigenvalues of the items' correlations beside those of unrelated answers.

    Parameters
    ----------
    frame, items
        Answers of one scale; rows with a missing answer are left out.
    draws
        How many random data sets of the same size are drawn (Horn 1965, Psychometrika 30).
    seed
        Of the random data.
    ax, color, title
        Where to draw; colour of the observed eigenvalues; a title of your own.

    Examples
    --------
    >>> answers = pd.DataFrame({"mood": [1, 2, 3, 4, 5, 5], "load": [5, 4, 4, 2, 1, 1],
    ...                         "pay": [3, 1, 4, 2, 5, 3]})
    >>> scree(answers, ["mood", "load", "pay"], seed=1).get_title()
    '1 factor above what unrelated answers give'
    """
    items = _columns(items)
    _need(frame, items, "scree")
    values = numbers(frame, items).dropna().to_numpy()
    if len(values) < 3:
        raise InvalidInput(
            "scree",
            [Problem("too-few-answers", "items", "have fewer than 3 complete rows", "give more answers")],
        )
    if not 1 <= draws <= 100_000:
        what, hint = f"is {draws}", "draw 1 to 100,000, such as 200"
        raise InvalidInput("scree", [Problem("out-of-range", "draws", what, hint)])
    observed = np.sort(np.linalg.eigvalsh(np.corrcoef(values.T)))[::-1]
    rng = np.random.default_rng(seed)
    random = np.array(
        [
            np.sort(np.linalg.eigvalsh(np.corrcoef(rng.normal(size=values.shape).T)))[::-1]
            for _ in range(draws)
        ]
    )
    limit = np.quantile(random, 0.95, axis=0)
    keep = int(np.argmin(observed > limit)) if (observed <= limit).any() else len(observed)
    ax = _plain_axes(ax)
    places = np.arange(1, len(observed) + 1)
    ax.plot(places, observed, "o-", color=color, label="observed")
    ax.plot(places, limit, "--", color=quiet(), label=f"95th percentile of {draws} random data sets")
    ax.set(xlabel="factor", ylabel="eigenvalue")
    ax.set_xticks(places)
    ax.legend(frameon=False)
    finding = f"{keep} factor{'s' if keep != 1 else ''} above what unrelated answers give"
    alt = ", ".join(f"{value:.2f}" for value in observed)
    describe(ax, Description(title or finding, alt=f"Scree plot. Eigenvalues {alt}."))
    return ax


@typed
def trend_lines(
    rows: pd.DataFrame,
    *,
    wave: str = "wave",
    by: str = "audience",
    item: str | None = None,
    ax: Axes | None = None,
    palette: Any = None,
    title: str | None = None,
) -> Axes:
    """Draw one item's estimates over any number of waves, a line with intervals per group.

    Parameters
    ----------
    rows
        Estimates, as `proportions(frame, items, by=["audience", "wave"])` returns them.
    wave, by
        Their columns of waves and groups.
    item
        Which item; may be left out where there is one.
    ax, palette, title
        Where to draw; colours of the groups; a title of your own.

    Examples
    --------
    >>> rows = pd.DataFrame({"item": "mood", "audience": "employee", "wave": ["2024", "2025", "2026"],
    ...                      "estimate": [0.40, 0.45, 0.60], "conf_low": [0.30, 0.35, 0.50],
    ...                      "conf_high": [0.50, 0.55, 0.70]})
    >>> trend_lines(rows).get_title()
    'mood over 3 waves'
    """
    _need(rows, [wave, by, "item", "estimate", "conf_low", "conf_high"], "trend_lines")
    found = list(rows["item"].unique())
    if item is None and len(found) != 1:
        what = f"hold {len(found)} items"
        raise InvalidInput("trend_lines", [Problem("ambiguous", "rows", what, "name one: item=")])
    name = item or found[0]
    rows = rows[rows["item"] == name].dropna(subset="estimate")
    if rows.empty:
        raise InvalidInput(
            "trend_lines",
            [Problem("unknown-item", "item", f"'{item}' not found", near_names(str(item), found))],
        )
    groups = [str(one) for one in rows[by].drop_duplicates()]
    colours, markers = group_colours(groups, groups, palette)
    waves = sorted(rows[wave].astype(str).unique())
    ax = _plain_axes(ax)
    parts = []
    for group in groups:
        own = (
            rows[rows[by].astype(str) == group]
            .assign(_wave=lambda f: f[wave].astype(str))
            .sort_values("_wave")
        )
        x = [waves.index(one) for one in own["_wave"]]
        shift = 0.04 * (groups.index(group) - (len(groups) - 1) / 2)
        ax.vlines(np.add(x, shift), own["conf_low"], own["conf_high"], color=colours[group], linewidth=unit())
        ax.plot(np.add(x, shift), own["estimate"], marker=markers[group], color=colours[group], label=group)
        parts.append(
            f"{group}: "
            + ", ".join(
                f"{value:.0%} in {one}" for one, value in zip(own["_wave"], own["estimate"], strict=True)
            )
        )
    ax.set_xticks(range(len(waves)), waves)
    ax.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1.0, decimals=0))
    ax.legend(frameon=False)
    describe(ax, Description(title or f"{name} over {len(waves)} waves", alt=f"Lines. {'; '.join(parts)}."))
    return ax


@typed
def transitions(
    frame: pd.DataFrame,
    item: Variable | str,
    *,
    person: str,
    wave: str = "wave",
    earlier: str,
    later: str,
    ax: Axes | None = None,
    cmap: ColourMap = "Blues",
    title: str | None = None,
) -> Axes:
    """Draw where people who answered twice moved: rows the earlier answer, columns the later (seaborn).

    Parameters
    ----------
    frame
        One row per person and wave.
    item
        The answers.
    person, wave, earlier, later
        Column of persons, column of waves, and the two waves.
    ax, cmap, title
        Where to draw; colours; a title of your own.

    Examples
    --------
    >>> answers = pd.DataFrame({"person": list("abcabc"), "wave": ["2025"] * 3 + ["2026"] * 3,
    ...                         "mood": pd.Categorical(["low", "low", "high", "low", "high", "high"])})
    >>> transitions(answers, "mood", person="person", earlier="2025", later="2026").get_title()
    '67% of 3 people gave the same answer in 2025 and 2026'
    """
    import seaborn as sns

    (item,) = _columns(item)
    _need(frame, [item, person, wave], "transitions")
    frame = plain(frame[[item, person, wave]])
    sides = {
        name: frame[frame[wave].astype(str) == name].dropna(subset=[person, item]).set_index(person)[item]
        for name in (earlier, later)
    }
    twice = [name for name, side in sides.items() if side.index.has_duplicates]
    if twice:
        what = f"holds a person twice in wave {twice[0]}"
        raise InvalidInput(
            "transitions",
            [Problem("duplicate-id", f"column {person}", what, "keep one row per person and wave")],
        )
    both = pd.concat(sides, axis=1, join="inner")
    if both.empty:
        what = f"no one answered in both {earlier} and {later}"
        raise InvalidInput(
            "transitions", [Problem("no-answers", f"column {person}", what, "check the person ids")]
        )
    table = pd.crosstab(both[earlier], both[later], normalize="index")
    ax = new_axes(ax, 0.42 * len(table) + 0.3, left=1.4, right=0.4, top=0.3, bottom=0.6)
    sns.heatmap(table, ax=ax, cmap=cmap, annot=True, fmt=".0%", cbar=False, vmin=0, vmax=1)
    ax.set(xlabel=f"answer in {later}", ylabel=f"answer in {earlier}")
    same = float((both[earlier].astype(str) == both[later].astype(str)).mean())
    finding = f"{same:.0%} of {len(both)} people gave the same answer in {earlier} and {later}"
    alt = "; ".join(
        f"of {before}: " + ", ".join(f"{share:.0%} to {after}" for after, share in row.items() if share)
        for before, row in table.iterrows()
    )
    describe(ax, Description(title or finding, alt=f"Transitions. {alt}."))
    return ax


@typed
def mosaic(
    frame: pd.DataFrame,
    rows: Variable | str,
    columns: Variable | str,
    *,
    ax: Axes | None = None,
    palette: Any = None,
    title: str | None = None,
) -> Axes:
    """Draw a cross table as areas (statsmodels' mosaic): widths the groups, heights their answers.

    Parameters
    ----------
    frame
        One row per respondent; rows with a missing answer are left out.
    rows, columns
        The answers, and the groups.
    ax, palette, title
        Where to draw; colours of the answers; a title of your own.

    Examples
    --------
    >>> answers = pd.DataFrame({"team": list("aabbbb"), "uses_ai": ["yes", "no", "yes", "yes", "yes", "no"]})
    >>> mosaic(answers.astype("category"), "team", "uses_ai").get_title()
    'team by uses_ai'
    """
    from statsmodels.graphics.mosaicplot import mosaic as draw

    rows, columns = _columns([rows, columns])
    _need(frame, [rows, columns], "mosaic")
    both = plain(frame[[rows, columns]]).dropna()
    if both.empty:
        where, hint = f"columns {rows} and {columns}", "name other columns"
        raise InvalidInput("mosaic", [Problem("no-answers", where, "no one answered both", hint)])
    table = pd.crosstab(both[columns], both[rows])
    table = table.loc[table.sum(axis=1) > 0, table.sum() > 0]
    answers = [str(one) for one in table.columns]
    colours, _ = group_colours(answers, answers, palette)
    ax = _plain_axes(ax, height=3.4)
    draw(
        {(str(group), str(answer)): int(n) for group, row in table.iterrows() for answer, n in row.items()},
        ax=ax,
        properties=lambda key: {"color": colours[key[1]], "alpha": 0.85},
        labelizer=lambda key: "",
        gap=0.012,
    )
    handles = [mpl.patches.Patch(color=colours[one], alpha=0.85, label=one) for one in answers]
    ax.legend(handles=handles, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0), title=rows)
    shares = table.div(table.sum(axis=1), axis=0)
    alt = "; ".join(
        f"{group} (n {int(table.loc[group].sum())}): "
        + ", ".join(f"{answer} {share:.0%}" for answer, share in row.items())
        for group, row in shares.iterrows()
    )
    describe(ax, Description(title or f"{rows} by {columns}", alt=f"Mosaic. {alt}."))
    return ax


@typed
def distribution(
    frame: pd.DataFrame,
    item: Variable | str,
    *,
    by: str | None = None,
    weights: str | None = None,
    ax: Axes | None = None,
    palette: Any = None,
    title: str | None = None,
) -> Axes:
    """Draw how a number is distributed in each group, with its quartiles and mean.

    Parameters
    ----------
    frame
        One row per respondent; missing answers are left out.
    item
        A column of numbers, or an ordered categorical of codes.
    by
        Groups; None for all together.
    weights
        Column of weights, for histogram, quartiles and mean alike.
    ax, palette, title
        Where to draw; colours of the groups; a title of your own.

    Notes
    -----
    Quartiles are the smallest values whose cumulative weight reaches the quarter (inverted empirical
    distribution, Hyndman and Fan 1996, type 1).

    Examples
    --------
    >>> distribution(pd.DataFrame({"mood": [1, 2, 3, 4, 5, 5]}), "mood").get_title()
    'How mood is distributed'
    """
    import seaborn as sns

    (item,) = _columns(item)
    _need(frame, [item, *filter(None, [by, weights])], "distribution")
    values = numbers(frame, [item])[item]
    data = pd.DataFrame({"value": values, "group": frame[by].astype(str) if by else "all"})
    data["weight"] = frame[weights].astype(float) if weights else 1.0
    data = data[data["value"].notna() & (data["weight"] > 0) & (frame[by].notna() if by else True)]
    if data.empty:
        raise InvalidInput(
            "distribution",
            [Problem("no-answers", f"column {item}", "holds no answers", "name another column")],
        )
    groups = list(data["group"].drop_duplicates())
    colours, markers = group_colours(groups, groups, palette)
    ax = _plain_axes(ax)
    whole = bool((data["value"] % 1 == 0).all()) and data["value"].nunique() <= 15
    sns.histplot(
        data, x="value", hue="group", weights="weight", stat="proportion", common_norm=False, discrete=whole,
        bins=20,
        multiple="dodge" if whole else "layer", element="bars" if whole else "step", fill=whole,
        palette=colours, ax=ax, legend=len(groups) > 1,
    )  # fmt: skip
    parts = []
    top = ax.get_ylim()[1]
    for place, (group, own) in enumerate(data.groupby("group", sort=False)):
        low, middle, high = _quantiles(own["value"].to_numpy(), own["weight"].to_numpy(), (0.25, 0.5, 0.75))
        mean = float(np.average(own["value"], weights=own["weight"]))
        y = top * (1.06 + 0.07 * place)
        ax.plot([low, high], [y, y], color=colours[group], linewidth=2.5 * unit(), solid_capstyle="butt")
        ax.plot([middle], [y], "|", color=colours[group], markersize=10 * unit())
        ax.plot([mean], [y], marker=markers[group], color=colours[group], markerfacecolor=paper())
        parts.append(
            f"{group}: mean {mean:.2f}, median {middle:g}, quartiles {low:g} and {high:g}, n {len(own)}"
        )
    ax.set(xlabel=item, ylabel="share of answers")
    caption = ("Above the bars: quartiles (line), median (stroke) and mean (open marker).",)
    describe(
        ax, Description(title or f"How {item} is distributed", caption, f"Histogram. {'; '.join(parts)}.")
    )
    return ax


@typed
def raking_margins(
    frame: pd.DataFrame,
    targets: Mapping[str, Mapping[Any, float]],
    weights: Weights | Numbers,
    *,
    ax: Axes | None = None,
    color: Colour = BRAND_COLOUR,
    title: str | None = None,
) -> Axes:
    """Draw each category's share before and after weighting beside its target.

    Parameters
    ----------
    frame
        One row per respondent.
    targets
        Column → category → target, as `rake` takes them; totals are turned into shares.
    weights
        One weight per row, or what `rake` returned.
    ax, color, title
        Where to draw; colour of the weighted shares; a title of your own.

    Examples
    --------
    >>> answers = pd.DataFrame({"team": list("aabbbb")})
    >>> weights = [1.5, 1.5, 0.75, 0.75, 0.75, 0.75]
    >>> raking_margins(answers, {"team": {"a": 0.5, "b": 0.5}}, weights).get_title()
    'Weighted shares are within 0.0 points of every target'
    """
    _need(frame, list(targets), "raking_margins")
    if not targets:
        hint = "name at least one column"
        raise InvalidInput("raking_margins", [Problem("empty", "targets", "are empty", hint)])
    values = np.asarray(getattr(weights, "values", weights), dtype=np.float64)
    if values.ndim != 1 or len(values) != len(frame):
        what = f"have {values.size} values for {len(frame)} rows"
        raise InvalidInput(
            "raking_margins", [Problem("unequal-length", "weights", what, "give one weight per row")]
        )
    rows = []
    for column, wanted in targets.items():
        total = sum(wanted.values())
        for category, target in wanted.items():
            inside = (frame[column].astype(str) == str(category)).to_numpy()
            rows.append(
                (f"{column}: {category}", inside.mean(), values[inside].sum() / values.sum(), target / total)
            )
    table = pd.DataFrame(rows, columns=["name", "before", "after", "target"]).set_index("name")
    ax = _rows_axes(ax, len(table), table.index)
    y = np.arange(len(table))
    ax.hlines(y, table["before"], table["after"], color=rule(), linewidth=2 * unit())
    ax.plot(table["before"], y, "o", color=quiet(), markerfacecolor=paper(), label="unweighted")
    ax.plot(table["after"], y, "o", color=color, label="weighted")
    ax.plot(table["target"], y, "|", color=AUDIENCE_COLOURS[1], markersize=12 * unit(), label="target")
    ax.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1.0, decimals=0))
    ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)
    off = (table["after"] - table["target"]).abs().max()
    finding = f"Weighted shares are within {100 * off:.1f} points of every target"
    alt = "; ".join(
        f"{name}: {row.before:.0%} before, {row.after:.0%} after, target {row.target:.0%}"
        for name, row in zip(map(str, table.index), table.itertuples(index=False), strict=True)
    )
    describe(ax, Description(title or finding, alt=f"Margins. {alt}."))
    return ax


@typed
def pattern_of_missing(
    frame: pd.DataFrame,
    items: Items,
    *,
    by: str | None = None,
    ax: Axes | None = None,
    cmap: ColourMap = "Greys",
    title: str | None = None,
) -> Axes:
    """Draw the share of missing answers per item and group (seaborn).

    Parameters
    ----------
    frame
        One row per respondent, in any form; missing is what `missing_summary` counts.
    items
        Columns.
    by
        Groups; None for all together. Rows without a group are left out.
    ax, cmap, title
        Where to draw; colours; a title of your own.

    Examples
    --------
    >>> answers = pd.DataFrame({"mood": [1, np.nan, 3, np.nan], "pay": [1, 2, 3, np.nan]})
    >>> pattern_of_missing(answers, ["mood", "pay"]).get_title()
    'Most answers are missing on mood: 50%'
    """
    import seaborn as sns

    items = _columns(items)
    _need(frame, [*items, *filter(None, [by])], "pattern_of_missing")
    found = missing_summary(frame, items, by=by or ()).assign(all="all")
    shares = found.pivot(index="item", columns=[by or "all", "reason"], values="share").loc[items]
    table = 1 - shares.xs("answered", axis="columns", level="reason")
    table.columns = table.columns.astype(str)
    ax = new_axes(ax, 0.24 * len(table) + 0.2, left=1.8, right=0.3, top=0.3, bottom=0.6)
    sns.heatmap(table, ax=ax, cmap=cmap, vmin=0, vmax=1, annot=True, fmt=".0%", cbar=False, linewidths=0.5)
    ax.set(xlabel="", ylabel="")
    worst = table.max(axis=1).idxmax()
    finding = f"Most answers are missing on {worst}: {table.loc[worst].max():.0%}"
    alt = "; ".join(
        f"{name}: " + ", ".join(f"{group} {share:.0%}" for group, share in row.items())
        for name, row in table.iterrows()
    )
    describe(ax, Description(title or finding, alt=f"Missing answers. {alt}."))
    return ax


@typed
def answers_per_day(
    dates: pd.Series,
    *,
    ax: Axes | None = None,
    color: Colour = BRAND_COLOUR,
    title: str | None = None,
) -> Axes:
    """Draw how many answers came in on each day of the fieldwork.

    Parameters
    ----------
    dates
        When each answer was given; what pandas can read as dates.
    ax, color, title
        Where to draw; colour of the bars; a title of your own.

    Raises
    ------
    InvalidInput
        A value that is not a date.

    Examples
    --------
    >>> days = pd.Series(pd.to_datetime(["2026-03-02", "2026-03-02", "2026-03-03", "2026-03-05"]))
    >>> answers_per_day(days).get_title()
    'Half of 4 answers came within 1 of 4 days'
    """
    try:
        days = pd.to_datetime(dates.dropna()).dt.floor("D")
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidInput(
            "answers_per_day",
            [Problem("not-a-date", "dates", "are not dates", "parse them with pandas.to_datetime")],
        ) from error
    if days.empty:
        raise InvalidInput(
            "answers_per_day", [Problem("no-answers", "dates", "are all missing", "name another column")]
        )
    counts = days.value_counts().sort_index().asfreq("D", fill_value=0)
    ax = _plain_axes(ax, height=2.0)
    ax.bar(counts.index, counts.to_numpy(), color=color, width=0.9)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(ax.xaxis.get_major_locator()))
    ax.set_ylabel("answers")
    half = int(np.searchsorted(np.cumsum(counts.to_numpy()), counts.sum() / 2)) + 1
    finding = f"Half of {counts.sum()} answers came within {half} of {len(counts)} days"
    alt = ", ".join(f"{day:%d %b}: {count}" for day, count in counts.items())
    describe(ax, Description(title or finding, alt=f"Answers per day. {alt}."))
    return ax


@typed
def power_curve(
    power: Callable[[float], float],
    sizes: Numbers,
    *,
    target: float = 0.8,
    ax: Axes | None = None,
    color: Colour = BRAND_COLOUR,
    title: str | None = None,
) -> Axes:
    """Draw the power of a test over the number of answers.

    Parameters
    ----------
    power
        Number of answers → power, such as ``lambda n: TTestIndPower().power(0.3, n, 0.05)`` of statsmodels.
    sizes
        Numbers of answers, ascending.
    target
        Power that is asked for.
    ax, color, title
        Where to draw; colour of the line; a title of your own.

    Examples
    --------
    >>> from statsmodels.stats.power import NormalIndPower
    >>> power_curve(lambda n: NormalIndPower().power(0.3, n, alpha=0.05), range(20, 400, 20)).get_title()
    '180 answers reach 80% power'
    """
    sizes = np.ravel(np.asarray(sizes, dtype=np.float64)).tolist()
    if not sizes or min(sizes) <= 0:
        what = "are empty" if not sizes else f"go down to {min(sizes):g}"
        raise InvalidInput("power_curve", [Problem("out-of-range", "sizes", what, "give numbers above 0")])
    found = np.array([float(power(n)) for n in sizes])
    ax = _plain_axes(ax)
    ax.plot(sizes, found, color=color)
    ax.axhline(target, color=quiet(), linestyle="--", linewidth=unit())
    ax.set(xlabel="answers", ylabel="power", ylim=(0, 1.02))
    ax.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1.0, decimals=0))
    enough = next((n for n, value in zip(sizes, found, strict=True) if value >= target), None)
    finding = (
        f"{enough:g} answers reach {target:.0%} power"
        if enough
        else f"None of these sizes reaches {target:.0%}"
    )
    alt = ", ".join(f"{n:g}: {value:.0%}" for n, value in zip(sizes, found, strict=True))
    describe(ax, Description(title or finding, alt=f"Power by number of answers. {alt}."))
    return ax


@typed
def option_combinations(
    frame: pd.DataFrame,
    options: Items | Mapping[str, str],
    *,
    most: int = 12,
    color: Colour = BRAND_COLOUR,
    title: str | None = None,
) -> Axes:
    """Draw which options of a multi-select are chosen together: a bar per combination, dots its options.

    Parameters
    ----------
    frame
        One row per respondent; options are "1" or 1 where chosen, rows with no answer are left out.
    options
        Options of a multi-select (`instrument["aiways"]`), their columns, or column → label.
    most
        How many combinations, the most frequent first.
    color, title
        Of the bars; a title of your own.

    Returns
    -------
    Axes
        Of the bars; the figure's second Axes holds the dots (Lex et al. 2014, UpSet).

    Examples
    --------
    >>> ticks = pd.DataFrame({"mail": [1, 1, 0, 1], "code": [0, 1, 1, 0]})
    >>> option_combinations(ticks, ["mail", "code"]).get_title()
    'Most often chosen: mail (50% of 4)'
    """
    labels = dict(options) if isinstance(options, Mapping) else {name: name for name in _columns(options)}
    _need(frame, list(labels), "option_combinations")
    chosen = ticks(frame, list(labels)).dropna().astype(bool)
    if chosen.empty:
        raise InvalidInput(
            "option_combinations", [Problem("no-answers", "options", "hold no answers", "name other columns")]
        )
    counts = chosen.value_counts().head(most)
    figure = new_figure((WIDTH * unit(), (2.2 + 0.22 * len(labels)) * unit()))
    bars, dots = figure.subplots(
        2,
        1,
        sharex=True,
        gridspec_kw={"height_ratios": (1.6, 0.22 * len(labels)), "hspace": 0.04, "left": 0.3},
    )
    x = np.arange(len(counts))
    shares = counts.to_numpy() / len(chosen)
    bars.bar(x, shares, color=color, width=0.6)
    bars.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1.0, decimals=0))
    bars.spines[["top", "right"]].set_visible(False)
    text = labels_on(bars)
    for place, share in enumerate(shares):
        text.add(place, share, f"{share:.0%}", ha="center", dy=0.08, size=0.85)
    for place, combination in enumerate(counts.index):
        own = [row for row, is_in in enumerate(combination) if is_in]
        dots.plot([place] * len(labels), range(len(labels)), "o", color=rule(), markersize=5 * unit())
        dots.plot([place] * len(own), own, "o-", color=color, markersize=6 * unit())
    dots.set_yticks(range(len(labels)), list(labels.values()))
    dots.set_ylim(len(labels) - 0.5, -0.5)
    dots.set_xticks([])
    dots.tick_params(length=0)
    dots.spines[:].set_visible(False)
    names = [
        " and ".join(label for label, is_in in zip(labels.values(), one, strict=True) if is_in)
        or "none of them"
        for one in counts.index
    ]
    alt = "; ".join(f"{name}: {share:.0%}" for name, share in zip(names, shares, strict=True))
    finding = title or f"Most often chosen: {names[0]} ({shares[0]:.0%} of {len(chosen)})"
    assert isinstance(bars, Axes)  # noqa: S101 - two rows give an array of Axes
    describe(bars, Description(finding, alt=f"Combinations of options. {alt}."))
    return bars


def _need(frame: pd.DataFrame, columns: Sequence[str], who: str) -> None:
    problems = [
        Problem("unknown-column", f"column {name}", "not found", near_names(name, map(str, frame.columns)))
        for name in columns
        if name not in frame.columns
    ]
    if problems:
        raise InvalidInput(who, problems)


def _columns(items: Items) -> list[str]:
    """Return the names of columns, of which variables may be given."""
    given = items.variables if isinstance(items, Instrument) else items
    listed = [given] if isinstance(given, Variable | str) else given
    return [one.name if isinstance(one, Variable) else one for one in listed]


def _quantiles(values: Array, weights: Array, shares: Sequence[float]) -> list[float]:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return [float(values[order][np.searchsorted(reached, share - 1e-12)]) for share in shares]


def _plain_axes(ax: Axes | None, *, height: float = 2.8) -> Axes:
    drawn = new_axes(ax, height, left=0.7, right=0.3, top=0.4, bottom=0.55)
    if ax is None:
        drawn.spines[["top", "right"]].set_visible(False)
    return drawn


def _rows_axes(ax: Axes | None, count: int, names: pd.Index) -> Axes:
    drawn = new_axes(ax, 0.26 * count + 0.2, left=2.2, right=0.3, top=0.4, bottom=0.4)
    if ax is None:
        drawn.spines[["top", "right", "left"]].set_visible(False)
    drawn.set_yticks(range(count), [str(name) for name in names])
    drawn.set_ylim(count - 0.5, -0.5)
    drawn.tick_params(axis="y", length=0)
    return drawn
