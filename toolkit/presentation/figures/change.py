"""What changed since another wave, and how shares compare with published ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument
from toolkit.presentation.blocks import Picture
from toolkit.presentation.figures.dots import Dot, DotRow, Group, draw_dots
from toolkit.presentation.figures.gaps import dot_of
from toolkit.presentation.figures.page import as_svg
from toolkit.presentation.numbers import base, change, interval, is_known, percent, points
from toolkit.presentation.rows import audience_name, item_name, known, released_table, shown_rows, within
from toolkit.presentation.sentences import hint_of, is_certain
from toolkit.presentation.theme import QUIET, Theme

__all__ = ["benchmark_dots", "wave_change", "waves_apart"]


def waves_apart(frame: pd.DataFrame, waves: tuple[str, str]) -> pd.DataFrame:
    """Trend rows as earlier and later shares, the change always later minus earlier.

    Adds `earlier`, `later`, `bound_earlier`, `bound_later`, `change`, `change_low` and `change_high` to the rows
    that compare exactly these two waves.
    """
    first, last = waves
    pairs = [(str(a), str(b)) for a, b in zip(frame["audience_a"], frame["audience_b"], strict=True)]
    kept = frame[[pair in ((first, last), (last, first)) for pair in pairs]].copy()
    turned = (kept["audience_a"].astype(str) == last).to_numpy()
    for side, name in (("a", "earlier"), ("b", "later")):
        other = "b" if side == "a" else "a"
        for stem in ("estimate", "bound", "n"):
            if f"{stem}_a" in kept:
                target = name if stem == "estimate" else f"{stem}_{name}"
                kept[target] = kept[f"{stem}_{side}"].where(~turned, kept[f"{stem}_{other}"])
    kept["change"] = kept["gap"].where(turned, -kept["gap"])
    kept["change_low"] = kept["conf_low"].where(turned, -kept["conf_high"])
    kept["change_high"] = kept["conf_high"].where(turned, -kept["conf_low"])
    return kept


def wave_change(
    released: Any,
    instrument: Instrument,
    *,
    waves: tuple[str, str],
    table: str = "trend",
    by: str = "audience",
    most: int | None = 12,
    look: Theme | None = None,
    title: str | None = None,
    language: str = "en",
) -> Picture:
    """Draw each share at the earlier and at the later wave, the largest change first.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For names and colours.
    waves
        The earlier and the later wave, as the table's `audience_a` and `audience_b` name them.
    table, by
        The released gaps between waves, and their group column.
    most
        How many rows; None for all.
    look, title, language
        Colours; a title of your own; the language of the wording.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    InvalidInput
        The table compares other waves.
    """
    frame = released_table(released, table, columns=("item", by, "audience_a", "audience_b", "gap"))
    rows = waves_apart(frame, waves)
    if rows.empty and len(frame):
        found = sorted(set(frame["audience_a"].astype(str)) | set(frame["audience_b"].astype(str)))
        raise InvalidInput(
            "wave_change",
            [Problem("waves", f"{waves} are not compared in '{table}'", f"it holds {', '.join(found)}")],
        )
    look = look or Theme.of(audiences=instrument.audiences)
    rows = shown_rows(rows).dropna(subset=["change"])
    rows = rows.loc[rows["change"].astype(float).abs().sort_values(ascending=False, kind="stable").index]
    drawn = rows.head(most if most is not None else len(rows)).to_dict("records")
    groups = [
        group
        for name in dict.fromkeys(str(row[by]) for row in drawn)
        for group in _wave_groups(name, waves, instrument, look, language)
    ]
    lines = [_wave_row(row, instrument, by, language) for row in drawn]
    left = (
        f" The {len(drawn)} largest of {len(rows)} changes; the table has them all."
        if len(drawn) < len(rows)
        else ""
    )
    return Picture(
        title or _wave_title(drawn, instrument, waves, by, language),
        _wave_alt(drawn, instrument, waves, by, language),
        f"Open markers: {waves[0]}; filled: {waves[1]}. At the right the change in points with its 95 % interval."
        f"{left} The same people need not have answered both times.",
        as_svg(lambda: draw_dots(lines, groups, side_title="Change in points (95 % interval)")),
    )


def benchmark_dots(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "benchmarks",
    shares: str | None = "shares",
    by: str = "audience",
    own: str = "this organisation",
    look: Theme | None = None,
    title: str | None = None,
    language: str = "en",
) -> Picture | None:
    """Draw this organisation's share beside each published one that is comparable.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For names and colours.
    table, shares, by
        The released comparison, the released shares whose intervals are drawn (None for none), their group column.
    own
        How the table names this organisation in `audience_a` or `audience_b`.
    look, title, language
        Colours; a title of your own; the language of the wording.

    Returns
    -------
    None where nothing can be drawn; the table then says why, row by row.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    frame = released_table(released, table, columns=("item", "measure", by, "estimate_a", "estimate_b"))
    estimates = released_table(released, shares) if shares else None
    rows = [row for row in frame.to_dict("records") if bool(row["shown"]) and _both(row)]
    if not rows:
        return None
    look = look or Theme.of(audiences=instrument.audiences)
    groups = [
        Group(name, f"{audience_name(instrument, name, start=True, language=language)}, here", look.colour_of(name),
              look.marker_of(name))
        for name in dict.fromkeys(str(row[by]) for row in rows)
    ]  # fmt: skip
    groups.append(Group("published", "published", QUIET, "d", hollow=True))
    lines = [_benchmark_row(row, estimates, instrument, by, own, language) for row in rows]
    return Picture(
        title or _benchmark_title(rows, instrument, by, own, language),
        _benchmark_alt(rows, instrument, by, own, language),
        "Filled: this organisation, with its 95 % interval; open diamonds: the published share. Only items whose "
        "question and base are alike are drawn; the table lists the others and why they are not comparable.",
        as_svg(lambda: draw_dots(lines, groups, side_title="Gap to published")),
    )


def _wave_groups(
    name: str, waves: tuple[str, str], instrument: Instrument, look: Theme, language: str
) -> list[Group]:
    label = audience_name(instrument, name, start=True, language=language)
    colour, marker = look.colour_of(name), look.marker_of(name)
    return [
        Group(f"{name}:earlier", f"{label} {waves[0]}", colour, marker, hollow=True),
        Group(f"{name}:later", f"{label} {waves[1]}", colour, marker),
    ]


def _wave_row(row: dict[str, Any], instrument: Instrument, by: str, language: str) -> DotRow:
    dots = tuple(
        Dot(
            f"{row[by]}:{when}",
            float(row[when]),
            None,
            None,
            percent(row[when], bound=_bound(row, when)),
            0,
            _bound(row, when),
        )
        for when in ("earlier", "later")
    )
    ends = interval(row["change_low"], row["change_high"])
    return DotRow(
        f"{row['item']}:{row[by]}",
        item_name(instrument, row["item"], language=language),
        f"{audience_name(instrument, row[by], language=language)} · {hint_of(row['item'], row['measure'], instrument)}".strip(
            " ·"
        ),
        dots,
        points(row["change"], signed=True),
        f"({ends})" if ends else "",
        joined=True,
    )


def _wave_title(
    rows: Sequence[dict[str, Any]], instrument: Instrument, waves: tuple[str, str], by: str, language: str
) -> str:
    if not rows:
        return f"No change between {waves[0]} and {waves[1]} may be shown"
    row = rows[0]
    label = within(item_name(instrument, row["item"], language=language))
    who = audience_name(instrument, row[by], language=language)
    went = f"from {percent(row['earlier'], bound=_bound(row, 'earlier'))} to {percent(row['later'], bound=_bound(row, 'later'))}"
    if is_certain(row):
        return f"Since {waves[0]} the largest change is on {label}: {went} of {who}"
    return f"The largest change since {waves[0]}, on {label} ({went} of {who}), may be chance"


def _wave_alt(
    rows: Sequence[dict[str, Any]], instrument: Instrument, waves: tuple[str, str], by: str, language: str
) -> str:
    said = [
        f"{item_name(instrument, row['item'], language=language)}, {audience_name(instrument, row[by], language=language)}: "
        f"{percent(row['earlier'], bound=_bound(row, 'earlier'))} in {waves[0]}, "
        f"{percent(row['later'], bound=_bound(row, 'later'))} in {waves[1]}, "
        f"change {change(row['change'], row['change_low'], row['change_high'])} points."
        for row in rows
    ]
    return " ".join(["Dot plot of shares in two waves.", *said])


def _bound(row: dict[str, Any], when: str) -> str:
    return str(known(row.get(f"bound_{when}")))


def _both(row: dict[str, Any]) -> bool:
    comparable = str(known(row.get("comparable"), "yes"))
    return is_known(row["estimate_a"]) and is_known(row["estimate_b"]) and comparable != "no"


def here_and_there(row: dict[str, Any], own: str) -> tuple[str, str]:
    """Which side of a benchmark row is this organisation and which is published: ("a", "b") or ("b", "a")."""
    return ("a", "b") if str(row["audience_a"]) == own else ("b", "a")


def _benchmark_row(
    row: dict[str, Any],
    estimates: pd.DataFrame | None,
    instrument: Instrument,
    by: str,
    own: str,
    language: str,
) -> DotRow:
    here, there = here_and_there(row, own)
    audience = str(row[by])
    bound = str(known(row.get(f"bound_{here}")))
    dot = Dot(
        audience,
        float(row[f"estimate_{here}"]),
        None,
        None,
        percent(row[f"estimate_{here}"], bound=bound),
        0,
        bound,
    )
    if estimates is not None and not bound:
        mine = estimates[
            (estimates["item"] == row["item"])
            & (estimates["measure"] == row["measure"])
            & (estimates[by].astype(str) == audience)
            & estimates["shown"].astype(bool)
        ]
        dot = dot_of(mine.to_dict("records")[0], audience) if len(mine) else dot
    published = float(row[f"estimate_{there}"])
    gap = (1 if here == "a" else -1) * row["gap"] if is_known(row["gap"]) else None
    return DotRow(
        f"{row['item']}:{audience}",
        item_name(instrument, row["item"], language=language),
        f"{audience_name(instrument, audience, language=language)} · published n {_published_n(row, there)}",
        (dot, Dot("published", published, None, None, percent(published), 1)),
        f"{points(gap, signed=True)} points" if gap is not None else "",
        "" if gap is not None else "n not published",
        lanes=2,
    )


def _published_n(row: dict[str, Any], there: str) -> str:
    return base(row[f"n_{there}"]) if is_known(row[f"n_{there}"]) else "not published"


def _benchmark_title(
    rows: Sequence[dict[str, Any]], instrument: Instrument, by: str, own: str, language: str
) -> str:
    with_gap = [row for row in rows if is_known(row["gap"])] or list(rows)
    row = max(with_gap, key=lambda found: abs(found["estimate_a"] - found["estimate_b"]))
    here, there = here_and_there(row, own)
    label = within(item_name(instrument, row["item"], language=language))
    who = audience_name(instrument, row[by], language=language)
    text = (
        f"{percent(row[f'estimate_{here}'], bound=str(known(row.get(f'bound_{here}'))))} of {who} here, "
        f"{percent(row[f'estimate_{there}'])} published"
    )
    if is_certain(row):
        return f"This organisation lies furthest from the published figures on {label}: {text}"
    return f"The widest gap to the published figures is on {label} ({text}), but it may be chance"


def _benchmark_alt(
    rows: Sequence[dict[str, Any]], instrument: Instrument, by: str, own: str, language: str
) -> str:
    said = []
    for row in rows:
        here, there = here_and_there(row, own)
        said.append(
            f"{item_name(instrument, row['item'], language=language)}, "
            f"{audience_name(instrument, row[by], language=language)}: "
            f"{percent(row[f'estimate_{here}'], bound=str(known(row.get(f'bound_{here}'))))} here (n {base(row[f'n_{here}'])}), "
            f"{percent(row[f'estimate_{there}'])} published (n {_published_n(row, there)})."
        )
    return " ".join(["Dot plot of this organisation's shares beside the published ones.", *said])
