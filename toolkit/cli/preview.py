"""The command preview: a questionnaire as each respondent group sees it, and who is asked what."""

from __future__ import annotations

import argparse

from toolkit.cli.common import FAILED, INSTRUMENTS_HELP, Commands, add_command


def add(commands: Commands) -> None:
    """Add preview to the parser."""
    preview = add_command(
        commands,
        "preview",
        _preview,
        "show a questionnaire as each respondent group sees it",
        "survey-toolkit preview core --out preview",
        description="Write a page that shows each respondent group's questionnaire at a telephone's width, "
        "and list who is asked what: found by searching the answers that routing uses, and counted in "
        "simulated answers. Exits with 1 where no answers lead to a question.",
    )
    preview.add_argument("instruments", nargs="+", metavar="INSTRUMENT", help=INSTRUMENTS_HELP)
    preview.add_argument("--out", required=True, metavar="FOLDER", help="output folder")
    preview.add_argument("--organisation", metavar="NAME", help="name that texts with {organisation} show")


def _preview(given: argparse.Namespace) -> int:
    from toolkit.instrument import load_instruments, paths
    from toolkit.platforms import export
    from toolkit.platforms.preview import described, telephone_page
    from toolkit.simulation import simulate
    from toolkit.system import write_files

    instrument = load_instruments(given.instruments)
    table = paths(instrument, simulate(instrument, seed=1, missing="codes"))
    written = export(instrument, "preview", given.out, organisation=given.organisation)
    page = next(path.name for path in written if path.suffix == ".html")
    files = {f"{instrument.id}-telephone.html": telephone_page(instrument, page, table)}
    files[f"{instrument.id}-paths.csv"] = table.to_csv(index=False)
    for path in [*written, *write_files(given.out, files)]:
        print(path)
    language = instrument.languages[0]
    for row in table[table["when"] != ""].itertuples():
        print(f"{row.item}: {instrument.audiences[row.audience].plural[language]} {described(row, language)}")
    return FAILED if (table["reach"] == "never").any() else 0
