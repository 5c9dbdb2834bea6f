"""What a report says of itself: notices, headings, what there is not."""

from __future__ import annotations

from toolkit.presentation.language import Words

__all__ = ["WORDS"]

WORDS = Words(
    {
        "withheld": (
            "No figure can be shown for {name} in wave {wave}: in every audience fewer than {k} people "
            "answered, and answers of so few could be traced to persons.",
            "Aucun chiffre ne peut être affiché pour {name} dans la vague {wave} : dans chaque public moins "
            "de {k} personnes ont répondu, et les réponses de si peu de gens pourraient être rattachées à "
            "des personnes.",
        ),
        "no meaning": (
            "This says nothing about what people here think, and nothing about who answered. More answers "
            "in a later wave would make a report possible.",
            "Cela ne dit rien de ce que l’on pense ici, ni de qui a répondu. Davantage de réponses dans une "
            "vague ultérieure rendraient un rapport possible.",
        ),
        "some gaps": (
            "The {most} widest gaps between audiences",
            "Les {most} plus grands écarts entre publics",
        ),
        "every gap": ("Every gap between audiences", "Tous les écarts entre publics"),
        "no scale": (
            "No question of this survey is on such a scale.",
            "Aucune question de cette enquête n’est sur une telle échelle.",
        ),
        "no share": (
            "No share may be shown of: {names}.",
            "Aucune part ne peut être affichée pour : {names}.",
        ),
        "no options": (
            "No question here takes several answers.",
            "Aucune question n’admet ici plusieurs réponses.",
        ),
        "no figures": (
            "The study names no published figures to compare with.",
            "L’étude ne nomme pas de chiffres publiés avec lesquels comparer.",
        ),
        "no wave": (
            "There is no earlier wave that this one could be compared with.",
            "Il n’y a pas de vague antérieure avec laquelle comparer celle-ci.",
        ),
        "answers": ("Answers", "Réponses"),
        "gaps": ("Gaps", "Écarts"),
        "changes": ("Changes", "Changements"),
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
        "no audience": (
            "No audience may be shown here, so there is nothing to compare.",
            "Aucun public ne peut être affiché ici ; il n’y a rien à comparer.",
        ),
        "one audience": (
            "Only {name} may be shown here, so audiences cannot be compared.",
            "Seul le public « {name} » peut être affiché ici ; les publics ne peuvent être comparés.",
        ),
        "no question": (
            "No question was put to more than one of {names}, so none can be compared.",
            "Aucune question n’a été posée à plus d’un public parmi {names} ; aucune ne peut être comparée.",
        ),
    }
)
