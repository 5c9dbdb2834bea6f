"""New study folders, with a small questionnaire and simulated answers."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument import Instrument, load_instrument, load_instruments
from toolkit.instrument.translation import write_instrument
from toolkit.platforms.naming import folder_name
from toolkit.platforms.words import narrow
from toolkit.simulation import simulate, simulate_study
from toolkit.simulation.exports import EXPORTS, made_up_weights
from toolkit.simulation.population import Organisation
from toolkit.system import temporary_folder, write_new_folder

PLATFORMS = (*EXPORTS, "table")
"""Platforms in whose format the answers of a new study can be simulated."""

_KNOWN = {
    "executive": ("exec", "Executive", "Executives"),
    "employee": ("empl", "Employee", "Employees"),
    "freelancer": ("free", "Freelancer", "Freelancers"),
    "manager": ("mgr", "Manager", "Managers"),
    "staff": ("staff", "Member of staff", "Staff"),
}
"""Audience → code, label, plural."""

CARRIED = "wt"
"""Name of the column of weights."""

_NAMES = ("Ashgrove Works", "Birchwater Services", "Cedarfold Partners")
_PEOPLE = ((16, 140, 40), (12, 90, 30), (10, 60, 24))
"""People of the made-up organisations, of the first audience, the second and each further one."""


def start_study(
    folder: str | Path,
    *,
    platform: str = "limesurvey",
    audiences: Sequence[str] = ("executive", "employee"),
    waves: Sequence[str] | None = None,
    weights: str | None = None,
    instrument: str | Path | None = None,
    title: str | None = None,
    seed: int = 1,
) -> list[Path]:
    """Write a study that can be checked and reported on at once; its answers are SIMULATED.

    Parameters
    ----------
    folder
        Where to write: a new or empty folder. Its name becomes the study's id.
    platform
        Whose export the simulated answers look like: one of `PLATFORMS`.
    audiences
        Respondent groups, each a word of small letters and digits.
    waves
        Names of the waves, in the order of time; None for one wave named after this year.
    weights
        Heading of a column of weights, by which the reports are weighted; the simulated answers have made-up
        ones. None for answers that all count alike.
    instrument
        A questionnaire to start from, such as "core"; None for a small one to be changed.
    title
        Title of the study; None for one made from the folder's name.
    seed
        The same seed gives the same answers.

    Returns
    -------
    list of Path
        The files written: study.yaml, questionnaire.yaml, organisations.csv, the answers, notebook.ipynb.

    Raises
    ------
    InvalidInput
        Everything at once: an unknown platform, audience or wave name; a folder that holds something.

    Examples
    --------
    >>> files = start_study("new_study", audiences=["manager", "staff"], waves=["2026"])
    >>> [file.name for file in files]
    ['2026.csv', 'notebook.ipynb', 'organisations.csv', 'questionnaire.yaml', 'simulation.yaml', 'study.yaml']
    """
    folder = Path(folder)
    waves = tuple(waves) if waves is not None else (str(date.today().year),)
    audiences = tuple(audiences)
    id_ = study_id(folder)
    _check(folder, id_, platform, audiences, waves)
    title = title or f"{id_.replace('_', ' ').replace('-', ' ').capitalize()} (simulated answers)"
    with temporary_folder() as making:
        questionnaire = making / "questionnaire.yaml"
        if instrument is None:
            questionnaire.write_text(_questionnaire(id_, audiences), encoding="utf-8")
        else:
            write_instrument(narrow(load_instruments(instrument), audiences=audiences), questionnaire)
        loaded = load_instrument(questionnaire)
        entry = _simulated(making, loaded, platform, audiences, waves, title, seed, weights)
        primary = _primary(loaded)
        text = study_file(
            id_,
            title,
            waves,
            entry,
            primary,
            synthetic=True,
            methods=_METHODS,
            organisations=True,
            weighted=bool(weights),
            seed=seed,
        )
        (making / "study.yaml").write_text(text, encoding="utf-8")
        (making / "notebook.ipynb").write_text(_notebook(title, primary), encoding="utf-8")
        return write_new_folder(folder, _contents(making))


def _primary(instrument: Instrument) -> list[str]:
    """List the first judged items that all groups answer about the same thing; one group has no gaps."""
    groups = set(instrument.audiences)
    judged = [
        item.id
        for item in instrument.items
        if item.type == "single" and item.favourable != "none" and set(item.audiences or groups) == groups
        if len({item.referent.get(name, item.referent.get("all")) for name in groups}) == 1
    ]
    return judged[:3] if len(groups) > 1 else []


def study_id(folder: Path) -> str:
    """Make a study's id from the name of its folder."""
    return folder.resolve().name.lower().replace(" ", "_")


def _check(folder: Path, id_: str, platform: str, audiences: tuple[str, ...], waves: tuple[str, ...]) -> None:
    problems = []
    if not folder_name(id_):
        what = "gives no id of a study"
        problems.append(
            Problem("invalid-name", f"folder '{folder.resolve().name}'", what, "use letters, digits, - and _")
        )
    if platform not in PLATFORMS:
        problems.append(
            Problem("unknown-option", f"platform '{platform}'", "unknown", near_names(platform, PLATFORMS))
        )
    if not audiences:
        problems.append(Problem("empty", "audiences", "none is named", "name at least one, such as employee"))
    if not waves:
        problems.append(Problem("empty", "waves", "none is named", "name at least one, such as 2026"))
    for name in audiences:
        if not re.fullmatch(r"[a-z][a-z0-9]{0,19}", name):
            what = "must be a lower-case letter and up to 19 lower-case letters or digits"
            problems.append(Problem("invalid-name", f"audience '{name}'", what, "such as employee"))
    for wave in waves:
        if not folder_name(wave) or wave == "all":
            what = "must be lower-case letters, digits, - and _, and not 'all'"
            problems.append(Problem("invalid-name", f"wave '{wave}'", what, "such as 2026 or 2026-spring"))
    for kind, names in (("audience", audiences), ("wave", waves)):
        twice = sorted({name for name in names if names.count(name) > 1})
        problems += [
            Problem("duplicate", f"{kind} '{name}'", "is named twice", "name it once") for name in twice
        ]
    if problems:
        raise InvalidInput("init", problems)


def _contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _simulated(
    folder: Path,
    instrument: Instrument,
    platform: str,
    audiences: Sequence[str],
    waves: Sequence[str],
    title: str,
    seed: int,
    weights: str | None,
) -> list[str]:
    """Write organisations and answers; return the study-file lines for the answers."""
    alone = len(audiences) == 1  # a single audience is the whole staff
    organisations = [
        {
            "id": f"org-{number:02}",
            "name": name,
            "people": {one: people[min(place + alone, 2)] for place, one in enumerate(audiences)},
            "waves": list(waves),
        }
        for number, (name, people) in enumerate(zip(_NAMES, _PEOPLE, strict=True), 1)
    ]
    if platform == "table":
        made = [Organisation.model_validate(one) for one in organisations]
        frame = simulate(instrument, made, seed=seed, waves=waves, missing="codes")
        rows = [
            {"organisation": one["id"], "name": one["name"], "wave": wave, **one["people"]}  # type: ignore[dict-item]
            for one in organisations
            for wave in waves
        ]
        pd.DataFrame(rows).to_csv(folder / "organisations.csv", index=False)
        if weights:
            frame[weights] = made_up_weights(frame, seed=seed)
        return _table(folder, frame, instrument, weights)
    files = [
        {"file": f"answers/{name}.csv", "wave": wave, "platform": platform, "audiences": list(group)}
        | ({"weights": weights} if weights else {})
        for wave in waves
        for name, group in (
            ((f"{wave}_{one}", [one]) for one in audiences)
            if EXPORTS[platform].one_audience
            else [(wave, audiences)]
        )
    ]
    fielded = {
        wave: {"opens": f"{year}-09-01", "closes": f"{year}-09-21"}
        for number, wave in enumerate(waves)
        for year in (wave if re.fullmatch(r"(19|20)\d\d", wave) else str(2000 + number),)
    }
    spec = {
        "title": title,
        "seed": seed,
        "instrument": "questionnaire.yaml",
        "waves": fielded,
        "organisations": organisations,
        "files": files,
    }
    (folder / "simulation.yaml").write_text(
        f"# What the SIMULATED answers are made from: survey-toolkit simulate simulation.yaml --out .\n"
        f"{yaml.safe_dump(spec, sort_keys=False, allow_unicode=True)}",
        encoding="utf-8",
    )
    simulate_study(folder / "simulation.yaml", folder)
    lines = []
    for file in files:
        lines += [f'  - wave: "{file["wave"]}"', f"    platform: {platform}", f"    file: {file['file']}"]
        lines += [f"    audience: {file['audiences'][0]}"] if EXPORTS[platform].one_audience else []
        lines += [f"    carry: {{{CARRIED}: {json.dumps(weights, ensure_ascii=False)}}}"] if weights else []
    return lines


def _table(folder: Path, frame: pd.DataFrame, instrument: Instrument, weights: str | None) -> list[str]:
    """Write a coded frame as a table of labels, as a form would; return its study-file entry."""
    table = frame[["respondent", "organisation", "wave", "audience"]].astype(str)
    items: dict[str, Any] = {}
    for item in instrument.items:
        columns = [one for one in instrument.variables if one.item.id == item.id and not one.write_in]
        if item.type == "multi":
            ticked = [
                frame[one.name].astype(str).map({"1": f"{one.label(instrument.languages[0])};"}).fillna("")
                for one in columns
            ]
            table[item.id] = sum(ticked[1:], start=ticked[0]).str.removesuffix(";")
            items[item.id] = {"column": item.id, "separator": ";"}
            continue
        for one in columns:
            cells = frame[one.name]
            if one.codes:
                cells = cells.astype(str).map(one.code_labels(instrument.languages[0]))
            table[one.name] = cells
        if item.type in ("matrix", "ranking"):
            items[item.id] = {"columns": {one.part: one.name for one in columns}}
        else:
            items[item.id] = {"column": item.id}
    if weights:
        table[weights] = frame[weights]
    (folder / "answers").mkdir()
    table.to_csv(folder / "answers" / "answers.csv", index=False, encoding="utf-8")
    mapping = {
        "respondent": "respondent",
        "organisation": "organisation",
        "audience": [
            {"audience": one, "when": [{"column": "audience", "equals": one}]} for one in instrument.audiences
        ],
        "items": items,
    }
    entry = {
        "wave": {"column": "wave"},
        "platform": "table",
        "file": "answers/answers.csv",
        **({"carry": {CARRIED: weights}} if weights else {}),
        "mapping": mapping,
    }
    return textwrap.indent(yaml_text([entry]), "  ").splitlines()


def yaml_text(data: object) -> str:
    """Write data as YAML, short lists and mappings on one line."""
    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None))


_METHODS = {
    "data_collection_strategy": "An online survey as it might be; a program made the answers.",
    "sponsor_and_conductor": "No one; these answers are simulated.",
    "mode": "As if by a self-administered web questionnaire in English.",
    "dates": "Simulated.",
    "population": "All people of the made-up organisations.",
    "sampling": "None; everybody was invited, and who answered was drawn at random.",
    "limitations": "The answers are simulated and do not describe real people.",
}
FOR_REAL = {
    "data_collection_strategy": "an online survey of all staff",
    "sponsor_and_conductor": "who paid for the survey, and who conducted it",
    "mode": "a self-administered web questionnaire in English",
    "dates": "when the survey was open: 1 to 21 September 2026",
    "population": "who could have answered: all who worked there on 1 September 2026",
    "sampling": "how people were chosen, or that everybody was invited",
    "limitations": "what the survey cannot tell; people who did not answer may see things differently",
}


_PERSON = """# Who is one person over the waves. The simulation draws other people for every wave; for real
# answers write token or respondent if these identify people, and delete the line if nothing does.
person: new
"""


def study_file(
    id_: str,
    title: str,
    waves: Sequence[str],
    answers: Sequence[str],
    primary: Sequence[str],
    *,
    synthetic: bool,
    methods: Mapping[str, str],
    organisations: bool,
    weighted: bool,
    seed: int,
) -> str:
    """Write a study file with a comment on everything its owner may want to change."""
    quoted = ", ".join(f'"{wave}"' for wave in waves)
    lines = [
        "# The study file: what belongs together. docs/your_own_study.md explains every key.",
        "# Check it: survey-toolkit check FOLDER. Write the reports: survey-toolkit report FOLDER.",
        f"id: {id_}                  # names the folder of the reports",
        f"title: {json.dumps(title, ensure_ascii=False)}",
    ]
    if synthetic:
        lines += ["synthetic: true            # the answers are SIMULATED; write false for real ones"]
    else:
        lines += ["synthetic: false           # true for synthetic answers; every page is then marked"]
    lines += [
        "language: en               # of the words of the reports: en or fr",
        "",
        "instrument: questionnaire.yaml",
        f"waves: [{quoted}]          # in the order of time; the last is the latest",
        "",
        *([_PERSON] if synthetic and len(waves) > 1 else []),
        "answers:                   # one entry per file, as the platform exported it",
        *answers,
        "",
        "organisations: organisations.csv   # one row per organisation and wave; headcounts by audience"
        if organisations
        else "# organisations: organisations.csv # a table of names and headcounts, where you have one",
        "",
        "# A group with fewer answers than the threshold is not shown; sensitive items need more.",
        "policy: {threshold: 5, sensitive_threshold: 7}",
        "margin: 0.10               # views within 10 percentage points count as similar",
        "level: 0.95",
        f"primary: [{', '.join(primary)}]   # gaps declared before looking; the rest is exploratory",
        f"seed: {seed}",
        "",
        f"weights: {{column: {CARRIED}}}      # the column of weights that the answers carry"
        if weighted
        else f"# weights: {{column: {CARRIED}}}    # with carry: {{{CARRIED}: HEADING}} under answers",
        "",
        'brand: {name: My organisation, colour: "#1f4e79", accent: "#c55a11"}   # how reports look',
        "",
        "# What a methodology statement must disclose (AAPOR Code of 2021); a report prints it.",
        "methods:",
        "  common:",
    ]
    for name, words in methods.items():
        lines += [f"    # {name}: {FOR_REAL[name]}", f"    {name}: {json.dumps(words, ensure_ascii=False)}"]
    return "\n".join(lines) + "\n"


_QUESTIONS = """themes:
  you: {en: About you}
  ai: {en: AI at work}
  support: {en: Support}
  comments: {en: Comments}

missing:                       # answers on screen that are not opinions
  dk: {code: 98, becomes: -1, label: {en: Don't know}}

scales:
  agree5:
    ordered: true
    options:
      - {code: 1, label: {en: Strongly disagree}}
      - {code: 2, label: {en: Disagree}}
      - {code: 3, label: {en: Neither agree nor disagree}}
      - {code: 4, label: {en: Agree}}
      - {code: 5, label: {en: Strongly agree}}
    top: [4, 5]                # counted together as "agree"
    bottom: [1, 2]
    top_label: {en: Agree}
    bottom_label: {en: Disagree}
    missing: [dk]
  yesno:
    options:
      - {code: 1, label: {en: "Yes"}}
      - {code: 0, label: {en: "No"}}
    top: [1]
    bottom: [0]

sections:                      # pages of the questionnaire
  - {id: you, title: {en: About you}, items: [tenure]}
  - {id: ai, title: {en: AI at work}, items: [aiuse, aiways, aihelp, workload]}
  - {id: support, title: {en: Support}, items: [aiclear, aiskill, heard, comment]}

items:
  - id: tenure
    type: single
    theme: you
    text: {all: {en: "How long have you worked here?"}}
    short: {en: Time here}
    options:
      - {code: 1, label: {en: Less than one year}}
      - {code: 2, label: {en: One to five years}}
      - {code: 3, label: {en: More than five years}}
    source: {origin: own}
  - id: aiuse
    type: single
    theme: ai
    scale: yesno
    text: {all: {en: "Have you used AI tools in your work in the past four weeks?"}}
    short: {en: Used AI tools}
    source: {origin: own}
  - id: aiways
    type: multi
    theme: ai
    ask_if: aiuse == 1         # routing: asked only of those who use AI tools
    text: {all: {en: "What have you used AI tools for?"}}
    short: {en: Uses of AI}
    options:
      - {code: write, label: {en: Writing}}
      - {code: find, label: {en: Finding information}}
      - {code: data, label: {en: Working with data}}
      - {code: none, exclusive: true, label: {en: None of these}}
    source: {origin: own}
  - id: aihelp
    type: single
    theme: ai
    scale: agree5
    favourable: top            # agreeing is good news
    text: {all: {en: AI tools help me do my work well.}}
    short: {en: AI helps my work}
    source: {origin: own}
  - id: workload
    type: single
    theme: ai
    scale: agree5
    favourable: bottom         # disagreeing is good news
    text: {all: {en: My workload has grown since AI tools came in.}}
    short: {en: Workload has grown}
    source: {origin: own}
  - id: aiclear
    type: single
    theme: support
    scale: agree5
    favourable: top
    text: {all: {en: I know which AI tools I may use.}}
    short: {en: Rules are clear}
    source: {origin: own}
  - id: aiskill
    type: single
    theme: support
    scale: agree5
    favourable: top
    text: {all: {en: I have had the training I need to use AI tools.}}
    short: {en: Training}
    source: {origin: own}
  - id: heard
    type: single
    theme: support
    scale: agree5
    favourable: top
    text:                      # an audience may have words of its own: audience, then language
      all: {en: My views on how we use AI tools are heard.}
    short: {en: Being heard}
    source: {origin: own}
  - id: comment
    type: text
    theme: comments
    text: {all: {en: "Is there anything you would like to add?"}}
    short: {en: Comments}
    source: {origin: own}
"""


def _audience_lines(audiences: Sequence[str]) -> str:
    codes: dict[str, str] = {}
    lines = []
    for name in audiences:
        code, label, plural = _KNOWN.get(name, (name[:5], name.capitalize(), f"{name.capitalize()}s"))
        if code in codes.values():
            code = f"{name[:3]}{len(codes) + 1:02}"
        codes[name] = code
        lines.append(f"  {name}: {{code: {code}, label: {{en: {label}}}, plural: {{en: {plural}}}}}\n")
    return "".join(lines)


def _questionnaire(id_: str, audiences: Sequence[str]) -> str:
    name = re.sub(r"[^a-z0-9-]", "-", id_)
    return (
        "# A small questionnaire to be changed; docs/instruments.md explains every key. Check it with\n"
        "# `survey-toolkit lint questionnaire.yaml`; `survey-toolkit export` writes it for a platform.\n"
        f"id: {name}\nversion: 1.0.0\ntitle: {{en: AI at work}}\nlanguages: [en]\n\n"
        "audiences:                     # respondent groups: code on the platform, label, plural\n"
        f"{_audience_lines(audiences)}\n{_QUESTIONS}"
    )


def _notebook(title: str, primary: Sequence[str]) -> str:
    """Write a notebook that reads the study, tabulates gaps and plots them."""
    import nbformat

    first = """import toolkit as tk

study = tk.load_study("study.yaml")
study.disposition()  # the outcome of every row"""
    answers = """answers = study.responses()  # one row per respondent of the latest wave
shares = tk.proportions(answers, study.instrument, by="audience", measure="top")
shares[["item", "audience", "n", "estimate", "conf_low", "conf_high"]]"""
    gaps = """options = {"measure": "top", "family": study.primary, "margin": study.margin}
gaps = tk.gaps(answers, study.instrument, **options)
released = tk.release(
    {"shares": shares, "gaps": gaps},
    study.policy,
    instrument=study.instrument,
    margin=study.margin,
    ledger=False,  # no one else sees it; where others do: ledger=study.ledger, respondents=answers
)
tk.gap_dumbbell(released, study.instrument)"""
    notes = (
        f"# {title}\n\nOpen this notebook in the folder of `study.yaml`.",
        "Shares of the top box by audience, with their intervals. These numbers are for you alone: "
        "only what has passed `tk.release` may be shown to others.",
        "Gaps between audiences; groups below the study's threshold are not shown.",
    )
    codes = (first, answers, gaps) if primary else (first, answers)
    cells = []
    for number, (note, code) in enumerate(zip(notes, codes, strict=False)):
        cells += [nbformat.v4.new_markdown_cell(note), nbformat.v4.new_code_cell(code)]
        for cell, kind in zip(cells[-2:], ("text", "code"), strict=True):
            cell["id"] = f"{kind}-{number + 1}"
    return str(nbformat.writes(nbformat.v4.new_notebook(cells=cells)))
