"""An explorer of a study for notebooks: the gap, distribution and trend of a chosen question."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.arguments import typed
from toolkit.errors import ToolkitError
from toolkit.presentation.figures.drawing import picture_of
from toolkit.presentation.words import synthetic_notice
from toolkit.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.presentation.blocks import Picture

_MOST_GROUPS = 12
"""Answers that a question may have to be offered as a cut."""
_COLUMNS = (
    "item", "response", "audience", "audience_a", "audience_b", "wave", "n_shown", "n_a_shown", "n_b_shown",
    "estimate", "estimate_a", "estimate_b", "gap", "conf_low", "conf_high", "p_adjusted", "verdict",
    "withheld",
)  # fmt: skip
"""Columns of a released table that are listed under the figure, beside that of the cut."""

_OWN_KEYS = (
    '<img alt="" src="data:," style="display: none" onerror="'
    "this.closest('.widget-vbox')?.querySelectorAll('select, button, summary')"
    ".forEach((one) => one.setAttribute('data-lm-suppress-shortcuts', 'true'))\">"
)
"""Keeps JupyterLab's shortcuts from taking the arrow keys and letters that are meant for the controls."""


@typed
def explore(study: str | Path | Study, *, data: str | Path | None = None) -> Explorer:
    """Explore a study in a notebook: choose question, groups, cut and wave; see gap, distribution, trend.

    Figures are the toolkit's own, drawn from results that have passed the study's disclosure policy, with
    their numbers and the code that draws them. Each view passes the policy separately; several views taken
    together are not checked, nor recorded in the study's ledger. They are for the analyst, not for a client.

    Parameters
    ----------
    study
        A study, its file, folder, or the name of a shipped one.
    data
        Folder containing the answer files, if not beside the study.

    Returns
    -------
    Explorer
        Shown by JupyterLab. Its controls are ipywidgets, so a program can set their `value`.

    Raises
    ------
    InvalidInput
        The study's files.

    Examples
    --------
    >>> import toolkit as tk
    >>> explorer = tk.explore("ai_at_work")
    >>> explorer.item.value, explorer.view.value = "burnout", "Trend"
    >>> explorer.numbers[["audience", "wave", "estimate"]].round(2).head(2).to_numpy().tolist()
    [['executive', '2025', 0.44], ['executive', '2026', 0.41]]
    """
    from toolkit.reporting.parts import open_study

    return Explorer(open_study(study, data))


class Explorer:
    """Controls and a figure that follows them; returned by `explore`.

    Attributes
    ----------
    item, answer, audiences, cut, wave, view
        The controls: ipywidgets with a `value`.
    picture, numbers, message, code
        What is shown: the figure and its released table (None if there is none), the reason if not, and the
        Python code of both.
    """

    picture: Picture | None
    numbers: pd.DataFrame | None
    message: str
    code: str

    def __init__(self, study: Study) -> None:
        import ipywidgets as widgets

        self._study, self._changing = study, False
        items = {one.id: one for one in study.instrument.items if one.type in ("single", "multi", "matrix")}
        words = [
            (f"{one.theme}: {next(iter(one.short.values()), name)}", name) for name, one in items.items()
        ]
        own = ("organisation", "name", "wave", *study.instrument.audiences)
        self._table = [str(name) for name in study.organisations if name not in own]
        cuts = [("(none)", ""), *((name, name) for name in ("organisation", *self._table))]
        for word, name in words:
            if items[name].type == "single" and len(study.instrument.of_item(name)[0].codes) <= _MOST_GROUPS:
                cuts.append((word, name))
        groups = list(study.instrument.audiences)
        able = {"Gap": len(groups) > 1, "Distribution": True, "Trend": len(study.waves) > 1}
        views = [view for view in able if able[view]]
        look: dict[str, Any] = {"style": {"description_width": "6em"}, "layout": {"width": "32em"}}
        first = next((name for name in study.primary if name in items), words[0][1])
        self.item = widgets.Dropdown(options=words, value=first, description="Question", **look)
        self.answer = widgets.Dropdown(description="Answer", **look)
        self.audiences = widgets.SelectMultiple(
            options=groups, value=groups, rows=len(groups), description="Groups", **look
        )
        self.cut = widgets.Dropdown(options=cuts, description="Cut by", **look)
        self.wave = widgets.Dropdown(options=study.waves, value=study.wave, description="Wave", **look)
        self.view = widgets.ToggleButtons(options=views, description="Show", style=look["style"])
        self.output = widgets.HTML()
        controls = [self.item, self.answer, self.audiences, self.cut, self.wave, self.view]
        self.panel = widgets.VBox([*controls, self.output])
        for control in controls:
            control.observe(self._follow, names="value")
        self._follow()

    def __repr__(self) -> str:
        note = ", synthetic data" if self._study.synthetic else ""
        return f"Explorer({self._study.title!r}{note}: {self.item.value}, {self.view.value})"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        shown = self.panel._repr_mimebundle_(**options)
        return {
            **shown,
            "text/plain": repr(self),
            "text/html": self._page(),
        }  # html: where widgets do not run

    def _follow(self, change: Any = None) -> None:
        """Run the code of the selection, and show its figure and numbers, or why there are none."""
        import toolkit as tk

        if self._changing:
            return
        if change is None or change["owner"] is self.item:
            self._offer_answers()
        results, draw = self._code()
        self.code = f"{results}{draw}\n"
        self.picture, self.numbers, self.message = None, None, ""
        space: dict[str, Any] = {"tk": tk, "study": self._study}
        needed = 2 if self.view.value == "Gap" else 1
        if len(self.audiences.value) < needed:
            self.message = f"Choose {'two groups or more' if needed == 2 else 'a group'} under Groups."
            self.output.value = self._page()
            return
        try:
            exec(compile(results, "explore", "exec"), space)
            released = space["released"]
            self.numbers = table = next(iter(released.tables.values()))
            if table.empty:
                self.message = "At most one of these groups was asked this."
            elif not any(one["shown"].any() for one in released.tables.values()):
                self.message = f"Withheld by the policy: {'; '.join(table['withheld'].unique())}."
            else:
                self.picture = picture_of(lambda: eval(draw, space))
                self.message = "" if self.picture else "There is nothing to draw."
        except ToolkitError as fault:
            self.message = str(fault)
        self.output.value = self._page()

    def _offer_answers(self) -> None:
        """Offer the boxes and answers that the chosen question has."""
        one = self._study.instrument.of_item(self.item.value)[0]
        labels = one.code_labels(self._study.instrument.languages[0])
        offered = [
            (f"{box} box: {', '.join(labels[code] for code in one.codes_of(box))}", box)
            for box in ("top", "bottom")
            if one.codes_of(box)
        ]
        if one.kind != "option":
            offered += [(labels[code], code) for code in one.codes]
        else:
            offered = [("chosen", "top"), ("not chosen", "bottom")]
        self._changing = True
        self.answer.options, self.answer.value = offered, offered[0][1]
        self._changing = False

    def _code(self) -> tuple[str, str]:
        """Return the Python code that computes and releases what is chosen, and the call that draws it."""
        item, cut, wave, view = (one.value for one in (self.item, self.cut, self.wave, self.view))
        several = len(self._study.instrument.of_item(item)) > 1
        kind, by = self._study.instrument.item(item), cut or "audience"
        design = ", design=study.design" if self._study.design is not None else ""
        share = f"measure={self.answer.value!r}{design}"
        rows = "study.responses(wave={!r}{})".format(
            "all" if view == "Trend" else wave,
            f", organisation_columns={[cut]!r}" if cut in self._table else "",
        )
        lines = [f"answers = {rows}"]
        if len(self.audiences.value) < len(self._study.instrument.audiences):
            lines.append(f'answers = answers[answers["audience"].isin({[*self.audiences.value]!r})]')
            lines.append('answers["audience"] = answers["audience"].cat.remove_unused_categories()')
        if cut and cut not in ("organisation", *self._table):
            lines.append(f"answers = answers.assign(**tk.labels(answers, study.instrument, {[cut]!r}))")
        lines.append(f"question = study.instrument.of_item({item!r})")
        shares = f'"shares": tk.proportions(answers, question, by={by!r}, {share})'
        if view == "Gap" and cut:
            tables = [f'"gaps": tk.gaps(answers, question, by={cut!r}, {share})']
            draw = f'tk.forest(released["gaps"], label=["item", {cut!r}, "audience_a", "audience_b"])'
        elif view == "Gap":
            tables = [f'"gaps": tk.gaps(answers, question, {share})', shares]
            chosen = f"items=[one.name for one in question], measure={self.answer.value!r}"
            draw = f"tk.gap_dumbbell(released, study.instrument, {chosen})"
        elif view == "Trend" and several:
            earlier = max((one for one in self._study.waves if one < wave), default=wave)
            waves = f"earlier={earlier!r}, later={wave!r}"
            tables = [f'"trend": tk.trend(answers, question, {waves}, by={by!r}, {share})']
            draw = f'tk.forest(released["trend"], label=["item", {by!r}])'
        elif view == "Trend":
            tables = [f'"shares": tk.proportions(answers, question, by=[{by!r}, "wave"], {share})']
            draw = f'tk.trend_lines(released["shares"], by={by!r})'
        elif kind.type == "multi":
            tables = [shares]
            draw = f'tk.heatmap(released["shares"], columns={by!r})'
            if not cut and self.answer.value == "top":
                draw = f"tk.ranked_options(released, study.instrument, item={item!r})"
        else:
            tables = [f'"distributions": tk.proportions(answers, question, by={by!r}{design})']
            draw = f'tk.heatmap(released["distributions"], columns={by!r}, index="response")'
            if kind.scale and not cut and self._study.instrument.of_item(item)[0].codes_of("top"):
                top = f'measure="top"{design}'
                tables.append(f'"shares": tk.proportions(answers, question, by="audience", {top})')
                draw = "tk.diverging_bars(released, study.instrument, gaps=None)"
        lines += ["results = {", *(f"    {one}," for one in tables), "}"]
        lines.append(
            "released = tk.release(results, study.policy, instrument=study.instrument, ledger=False)\n"
        )
        return "\n".join(lines), draw

    def _page(self) -> str:
        """Return figure, numbers and code as HTML."""
        parts = [synthetic_notice(self._study.synthetic)._repr_html_()] if self._study.synthetic else []
        parts.append(f'<p role="status">{html.escape(self.message)}</p>')
        if self.picture is not None:
            parts.append(self.picture._repr_html_())
        if self.numbers is not None:
            wanted = [name for name in (self.cut.value, *_COLUMNS) if name in self.numbers]
            table = self.numbers[wanted].to_html(index=False, na_rep="", float_format="{:.3f}".format)
            parts.append(f"<details><summary>Numbers</summary>{table}</details>")
        code = f"import toolkit as tk\n\nstudy = tk.load_study({str(self._study.path)!r})\n{self.code}"
        parts.append(f"<details><summary>Code</summary><pre>{html.escape(code)}</pre></details>")
        return "\n".join([*parts, _OWN_KEYS])
