"""Every rule of the lint refuses an example, says where it is, and how to fix it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, lint

Data = dict[str, Any]
Load = Callable[[Data], Instrument]


def item(data: Data, name: str) -> Data:
    return next(found for found in data["items"] if found["id"] == name)


def at(*path: str | int, to: object) -> Callable[[Data], None]:
    """Set one value; a first step that is an item's id starts at that item."""

    def spoil(data: Data) -> None:
        first, *rest = path
        here: Any = data[first] if first in data else item(data, str(first))
        if not rest:
            data[first] = to
            return
        for step in rest[:-1]:
            here = here[step]
        here[rest[-1]] = to

    return spoil


def drop(*path: str | int) -> Callable[[Data], None]:
    def spoil(data: Data) -> None:
        first, *rest = path
        here: Any = data[first] if first in data else item(data, str(first))
        for step in rest[:-1]:
            here = here[step]
        del here[rest[-1]]

    return spoil


def more(spoil: Callable[[Data], object]) -> Callable[[Data], None]:
    return lambda data: (spoil(data), None)[1]


REFUSED: dict[str, tuple[Callable[[Data], None], str, str]] = {
    # words
    "an audience without wording": (
        drop("q", "text", "boss"),
        "items → q → text",
        "wording for boss is missing",
    ),
    "a row without wording": (
        at("grid", "rows", 1, "text", to={}),
        "items → grid → rows → b → text",
        "for staff",
    ),
    "a language without words": (
        at("languages", to=["en", "fr"]),
        "items → q → text → boss",
        "wording in 'fr' is missing",
    ),
    "an option without words in a language": (
        at("languages", to=["en", "fr"]),
        "scales → yesno → options → 1 → label",
        "wording in 'fr' is missing",
    ),
    "blank words": (at("q", "text", "boss", "en", to="  "), "items → q → text → boss → en", "blank"),
    "wording for nobody": (
        at("q", "text", "stafff", to={"en": "x"}),
        "items → q → text → stafff",
        "did you mean 'staff'?",
    ),
    "a language listed twice": (at("languages", to=["en", "en"]), "languages", "listed twice"),
    # what nobody defined
    "an unknown scale": (
        at("q", "scale", to="yesnoo"),
        "items → q → scale",
        "unknown scale 'yesnoo'; did you mean 'yesno'",
    ),
    "an unknown theme": (
        at("q", "theme", to="wrok"),
        "items → q → theme",
        "unknown theme 'wrok'; did you mean 'work'",
    ),
    "an unknown missing answer": (
        at("scales", "agree", "missing", to=["dkk"]),
        "scales → agree → missing",
        "'dk'",
    ),
    "an unknown missing answer of an item": (
        at("q", "missing", to=["never"]),
        "items → q → missing",
        "'never'",
    ),
    "an unknown audience": (
        at("top", "audiences", to=["bos"]),
        "items → top → audiences",
        "did you mean 'boss'?",
    ),
    "no audience": (at("top", "audiences", to=[]), "items → top → audiences", "empty"),
    "an audience twice": (at("top", "audiences", to=["boss", "boss"]), "items → top → audiences", "twice"),
    "a row for an audience its item is not for": (
        at("grid", "audiences", to=["boss"]),
        "items → grid → rows → b → audiences",
        "the row is for staff, and its item is not",
    ),
    # codes
    "a code in a scale twice": (
        at("scales", "agree", "options", 1, "code", to="1"),
        "scales → agree → options → 1",
        "given to two answers",
    ),
    "an option's code twice": (
        more(lambda data: item(data, "m")["options"].append({"code": "rev", "label": {"en": "Again"}})),
        "items → m → options → rev",
        "given to two answers",
    ),
    "a top code outside the scale": (
        at("scales", "agree", "top", to=["5"]),
        "scales → agree → top",
        "unknown code '5'",
    ),
    "a bottom code outside the scale": (
        at("scales", "agree", "bottom", to=["9"]),
        "scales → agree → bottom",
        "unknown code '9'",
    ),
    "boxes that overlap": (
        at("scales", "agree", "bottom", to=["1", "3"]),
        "scales → agree → bottom",
        "3 is in the top",
    ),
    "a missing code that is an answer": (
        at("missing", "dk", "code", to="1"),
        "scales → yesno → missing",
        "code 1 is also the code of an answer",
    ),
    "two missing answers with one code": (
        more(lambda data: (at("missing", "no", "code", to="98")(data), at("q", "missing", to=["no"])(data))),
        "items → q → missing",
        "two missing answers have the code 98",
    ),
    "two missing answers that become one": (
        more(
            lambda data: (at("missing", "no", "becomes", to="-1")(data), at("q", "missing", to=["no"])(data))
        ),
        "items → q → missing",
        "could not be distinguished",
    ),
    "a code that is another audience's id": (
        more(
            lambda data: (
                data["audiences"]["boss"].update(code="staff"),
                data["audiences"]["staff"].update(code="s2"),
            )
        ),
        "audiences → boss → code",
        "the id of another audience",
    ),
    "two audiences with one code": (
        at("audiences", "boss", "code", to="staff"),
        "audiences",
        "the code 'staff'",
    ),
    "an audience called all": (
        more(lambda data: data["audiences"].update(all=data["audiences"].pop("boss"))),
        "audiences → all",
        "cannot name an audience",
    ),
    # the fit of a type
    "an exclusive answer in a single choice": (
        at("top", "options", 0, "exclusive", to="true"),
        "items → top → options → ceo → exclusive",
        "only a multi-select",
    ),
    "an exclusive answer in a scale": (
        at("scales", "agree", "options", 0, "exclusive", to="true"),
        "scales → agree → options → 1 → exclusive",
        "only a multi-select",
    ),
    "a multi-select without options": (at("m", "options", to=[]), "items → m → type", "no options"),
    "a multi-select with a scale": (at("m", "scale", to="yesno"), "items → m → type", "has a scale"),
    "a multi-select with don't know": (
        at("m", "missing", to=["dk"]),
        "items → m → type",
        "cannot offer missing",
    ),
    "a matrix without rows": (at("grid", "rows", to=[]), "items → grid → type", "needs rows and a scale"),
    "a matrix without a scale": (drop("grid", "scale"), "items → grid → type", "needs rows and a scale"),
    "a single choice with scale and options": (
        at("top", "scale", to="yesno"),
        "items → top → type",
        "both a scale",
    ),
    "a single choice with nothing to choose": (drop("q", "scale"), "items → q → type", "needs a scale"),
    "a number with answers": (
        at("hours", "scale", to="yesno"),
        "items → hours → type",
        "answers to choose from",
    ),
    "rows outside a matrix": (
        at("why", "rows", to=[{"id": "a", "text": {"all": {"en": "x"}}}]),
        "items → why → type",
        "only a matrix has rows",
    ),
    "a number below 0": (at("hours", "minimum", to="-1"), "items → hours → minimum", "-1 is below 0"),
    "a maximum below the minimum": (
        at("hours", "minimum", to="200"),
        "items → hours → maximum",
        "below the minimum",
    ),
    "a bound that is no number": (
        at("hours", "maximum", to="nan"),
        "items → hours → maximum",
        "not a valid bound",
    ),
    "a bound of a text": (at("why", "minimum", to="1"), "items → why → minimum", "only a number"),
    "favourable without boxes": (
        at("top", "favourable", to="top"),
        "items → top → favourable",
        "no top and bottom",
    ),
    "a favourable number": (
        at("hours", "favourable", to="top"),
        "items → hours → favourable",
        "no top and bottom",
    ),
    # names
    "two items of one id": (
        more(lambda data: data["items"].append(item(data, "q"))),
        "items → q",
        "two items have the id 'q'",
    ),
    "two rows of one id": (
        at("grid", "rows", 0, "id", to="b"),
        "items → grid → rows → b",
        "two rows have the id",
    ),
    "an item called like a frame's column": (
        at("q", "id", to="status"),
        "items → status",
        "every coded frame",
    ),
    "an item called like a platform's column": (
        at("q", "id", to="id"),
        "items → id",
        "every platform's export",
    ),
    "options that differ in case only": (
        more(lambda data: item(data, "m")["options"].append({"code": "REV", "label": {"en": "Again"}})),
        "items → m → options → REV",
        "'m_REV' is already the name of items → m → options → rev",
    ),
    # sections
    "an item nobody defined in a section": (
        at("sections", 0, "items", to=["q", "m", "grid", "hours", "top", "why", "whyy"]),
        "sections → one → items → whyy",
        "did you mean 'why'?",
    ),
    "an item twice in a section": (
        at("sections", 0, "items", to=["q", "m", "grid", "hours", "top", "why", "q"]),
        "sections → one → items → q",
        "already in section 'one'",
    ),
    "an item in no section": (
        at("sections", 0, "items", to=["q", "m", "grid", "hours", "top"]),
        "items → why",
        "in no section",
    ),
    "two sections of one id": (
        more(lambda data: data["sections"].append({"id": "one", "title": {"en": "x"}, "items": ["q"]})),
        "sections → one",
        "two sections",
    ),
    "an id that cannot name an instrument": (at("id", to="My Survey"), "id", "cannot name an instrument"),
    "a blank version": (at("version", to=" "), "version", "blank"),
    # routing
    "routing to an unknown item": (
        at("m", "ask_if", to="qq == 1"),
        "items → m → ask_if",
        "unknown item 'qq'",
    ),
    "routing to a later item": (
        at("m", "ask_if", to="hours > 1"),
        "items → m → ask_if",
        "'hours' is asked later",
    ),
    "routing to itself": (at("m", "ask_if", to="answered(m)"), "items → m → ask_if", "cannot hang on itself"),
    "routing to an item the audience is not asked": (
        at("why", "ask_if", to='top == "ceo"'),
        "items → why → ask_if",
        "staff is asked this item and not 'top'",
    ),
    "routing to a row the audience is not asked": (
        at("why", "ask_if", to="grid_b == 3"),
        "items → why → ask_if",
        "boss is asked this item and not 'grid_b'",
    ),
    "routing to a code that does not exist": (
        at("m", "ask_if", to="q == 7"),
        "items → m → ask_if",
        "unknown answer '7'",
    ),
    "routing to a code written differently": (
        at("m", "ask_if", to='q == "01"'),
        "items → m → ask_if",
        "unknown answer '01'",
    ),
    "routing to an option that does not exist": (
        at("hours", "ask_if", to='selected(m, "rvw")'),
        "items → hours → ask_if",
        "unknown option 'rvw' of 'm'; did you mean 'rev'",
    ),
    "selected() of a single choice": (
        at("hours", "ask_if", to="selected(q, 1)"),
        "items → hours → ask_if",
        "is not",
    ),
    "a multi-select compared": (
        at("hours", "ask_if", to='m == "rev"'),
        "items → hours → ask_if",
        "selected(m",
    ),
    "a matrix compared": (at("hours", "ask_if", to="grid == 3"), "items → hours → ask_if", "such as grid_a"),
    "a text compared": (
        more(
            lambda data: (
                data["items"].append(data["items"].pop(4)),
                at("sections", 0, "items", to=["q", "m", "grid", "hours", "why", "top"])(data),
                at("top", "ask_if", to='why == "x"')(data),
            )
        ),
        "items → top → ask_if",
        "open text",
    ),
    "a number compared with a word": (
        at("why", "ask_if", to='hours == "many"'),
        "items → why → ask_if",
        "'many'",
    ),
    "letters compared by size": (
        more(
            lambda data: (at("why", "audiences", to=["boss"])(data), at("why", "ask_if", to="top > 1")(data)),
        ),
        "items → why → ask_if",
        "are not numbers",
    ),
    "routing in another language": (at("m", "ask_if", to="q = 1"), "items → m → ask_if", "cannot be read"),
}


def test_the_questionnaire_that_is_spoiled_below_is_sound(whole: Data, load: Load) -> None:
    assert lint(load(whole)) == []


@pytest.mark.parametrize(("spoil", "where", "what"), REFUSED.values(), ids=REFUSED.keys())
def test_lint_refuses(whole: Data, load: Load, spoil: Callable[[Data], None], where: str, what: str) -> None:
    spoil(whole)
    with pytest.raises(InvalidInput) as caught:
        load(whole)
    found = [
        p
        for p in caught.value.problems
        if p.where.partition(": ")[2] == where and what in f"{p.what}; {p.hint}"
    ]
    assert len(found) == 1, str(caught.value)
    assert found[0].where.startswith("tiny.yaml, line ")
    assert found[0].hint


def test_lint_finds_in_an_instrument_made_in_python_what_it_finds_in_files(whole: Data, load: Load) -> None:
    instrument = load(whole)
    spoiled = instrument.model_copy(update={"themes": {}, "items": instrument.items[::-1]})
    found = {(problem.where, problem.what) for problem in lint(spoiled)}
    assert ("items → q → theme", "unknown theme 'work'") in found
    assert ("items", "the items are not in the order of the sections") in found
    assert ("items → m → ask_if", "'q' is asked later") in found


def test_all_faults_are_said_at_once_whatever_their_kind(whole: Data, load: Load) -> None:
    item(whole, "q")["scael"] = "yesno"
    item(whole, "m")["ask_if"] = "q =="
    item(whole, "hours")["theme"] = "nothing"
    whole["scales"]["agree"]["options"][0]["code"] = "strong"
    with pytest.raises(InvalidInput) as caught:
        load(whole)
    said = str(caught.value)
    for part in ("scael", "cannot be read", "unknown theme 'nothing'", "'strong' is not a valid code"):
        assert part in said
    assert len(caught.value.problems) == 4, said
