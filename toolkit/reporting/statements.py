"""What a report says of itself: its notices and headings, and the AAPOR code's items it can compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.presentation import computed_methods
from toolkit.presentation.language import Words, speaking
from toolkit.presentation.rows import quoted

if TYPE_CHECKING:
    from toolkit.instrument.model import Instrument
    from toolkit.reporting.gathering import Gathered
    from toolkit.study import Study

__all__ = ["WORDS", "computed_statements"]

WORDS = Words(
    {
        "no folder": (
            "No output folder was named, so nothing was saved.",
            "Aucun dossier de sortie n’a été nommé ; rien n’a été enregistré.",
        ),
        "saved": (
            "Every number here, with its base and interval, is in {file} beside this report.",
            "Chaque nombre, avec sa base et son intervalle, est dans {file} à côté de ce rapport.",
        ),
        "saved notice": (
            "What is said here of who answered is in {file} beside this notice.",
            "Ce qui est dit ici des réponses est dans {file} à côté de cet avis.",
        ),
    }
)

_WORDS = Words(
    {
        "title": ("{title}, version {version}.", "{title}, version {version}."),
        "1": ("1 question", "1 question"),
        "several": ("{count} questions", "{count} questions"),
        "declared": (
            "Comparisons on {counted} were declared before the answers were looked at, and their p values "
            "adjusted together (Holm): {names}; all others are exploratory (Benjamini–Hochberg).",
            "Les comparaisons sur {counted} ont été déclarées avant d’avoir vu les réponses, et leurs "
            "valeurs p ajustées ensemble (Holm) : {names} ; toutes les autres sont exploratoires "
            "(Benjamini–Hochberg).",
        ),
        "together": (
            "The p values of all comparisons were adjusted together (Holm).",
            "Les valeurs p de toutes les comparaisons ont été ajustées ensemble (Holm).",
        ),
        "software": (
            "The answers were read and analysed, and this report was written, with survey-research-toolkit "
            "{version}.",
            "Les réponses ont été lues et analysées, et ce rapport a été écrit, avec survey-research-toolkit "
            "{version}.",
        ),
        "analysis": (
            "A share counts those who were asked and answered. Where the number of people is known and "
            "everyone of an audience was asked, its interval is exact for that number (hypergeometric); "
            "otherwise it is Wilson's. Gaps carry Newcombe's interval and are tested by Fisher's exact test "
            "where counts are small, else by the pooled z test. {declared}",
            "Une part compte ceux à qui la question a été posée et qui ont répondu. Là où le nombre de "
            "personnes est connu et où tout un public a été interrogé, son intervalle est exact pour ce "
            "nombre (hypergéométrique) ; sinon c’est celui de Wilson. Les écarts portent l’intervalle de "
            "Newcombe et sont testés par le test exact de Fisher là où les effectifs sont petits, sinon par "
            "le test z groupé. {declared}",
        ),
    }
)


def computed_statements(
    study: Study, gathered: Gathered, wave: str, instrument: Instrument | None = None
) -> dict[str, dict[str, str]]:
    """Write what the report itself knows of each audience: sizes, dates, questionnaire, processing.

    `instrument` is the study's with words in the report's language, where its own has not all of them.
    """
    with speaking(study.language):
        return _statements(study, gathered, instrument or study.instrument, wave)


def _statements(
    study: Study, gathered: Gathered, instrument: Instrument, wave: str
) -> dict[str, dict[str, str]]:
    import toolkit

    found, version = {}, toolkit.__version__
    for audience in instrument.audiences:
        told = computed_methods(
            gathered.participation,
            instrument,
            audience=audience,
            policy=study.policy,
            level=study.level,
            language=study.language,
            dates=study.field_dates(wave),
        )
        made = (
            told["processing_and_quality"],
            _analysis(study, instrument),
            _WORDS("software", version=version),
        )
        told["processing_and_quality"] = " ".join(made)
        if not gathered.audiences:  # a notice has no appendix to point at
            title = quoted(instrument.title[study.language])
            told["instrument"] = _WORDS("title", title=title, version=instrument.version)
        found[audience] = told
    return found


def _analysis(study: Study, instrument: Instrument) -> str:
    names = [instrument[name].label(study.language) for name in study.primary]
    counted = _WORDS("1") if len(names) == 1 else _WORDS("several", count=len(names))
    declared = _WORDS("declared", counted=counted, names=", ".join(names)) if names else _WORDS("together")
    return _WORDS("analysis", declared=declared)
