"""The languages that the status page speaks itself. Pure; spelling is not checked here, as most of it is not English."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from opsbot.domain.comms.templates import Stage


@dataclass(frozen=True, slots=True)
class Words:
    """
    One language, by the *name* that it has in itself. *states* by impact and `notice`, *healths* by health and `off`, *stages* by stage.

    *date* is how a day is written, with `{day}`, `{month}` and `{year}`.
    """

    lang: str
    name: str
    states: Mapping[str, str]
    healths: Mapping[str, str]
    stages: Mapping[Stage, str]
    months: tuple[str, ...]
    date: str
    now: str
    components: str
    past: str
    nothing: str
    affects: str
    reported: str
    next: str
    withdrawn: str
    untitled: str
    corrects: str
    corrected: str
    updated: str
    written: str
    lost: str
    contact: str
    feed: str
    languages: str


ENGLISH: Final = Words(
    lang="en",
    name="English",
    states={
        "none": "No known problems",
        "notice": "There is something to know",
        "minor": "Some things work with limits",
        "major": "Part of the service does not work as it should",
        "critical": "There is a serious problem",
    },
    healths={
        "operational": "Working",
        "degraded_performance": "Limited",
        "partial_outage": "Partly down",
        "major_outage": "Down",
        "off": "Switched off",
    },
    stages={
        "investigating": "Investigating",
        "identified": "Identified",
        "monitoring": "Monitoring",
        "resolved": "Resolved",
        "correction": "Correction",
    },
    months=("Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec"),
    date="{day} {month} {year}",
    now="What is happening now",
    components="Features",
    past="Past 14 days",
    nothing="Nothing was reported.",
    affects="Affects",
    reported="Reported",
    next="Next update by",
    withdrawn="This text was withdrawn.",
    untitled="Incident",
    corrects="Corrects what was said on",
    corrected="This was corrected on",
    updated="Last news",
    written="Page made",
    lost="We cannot reach our own records at the moment. This is what was known on",
    contact="Contact us",
    feed="Feed",
    languages="Languages",
)
_DE: Final = Words(
    lang="de",
    name="Deutsch",
    states={
        "none": "Keine bekannten Probleme",
        "notice": "Es gibt einen Hinweis",
        "minor": "Manches funktioniert nur eingeschr\u00e4nkt",
        "major": "Ein Teil des Dienstes funktioniert nicht richtig",
        "critical": "Es gibt ein ernstes Problem",
    },
    healths={
        "operational": "In Ordnung",
        "degraded_performance": "Eingeschr\u00e4nkt",
        "partial_outage": "Teilweise ausgefallen",
        "major_outage": "Ausgefallen",
        "off": "Abgeschaltet",
    },
    stages={
        "investigating": "Wird untersucht",
        "identified": "Ursache gefunden",
        "monitoring": "Wird beobachtet",
        "resolved": "Behoben",
        "correction": "Berichtigung",
    },
    months=(
        *("Jan.", "Feb.", "M\u00e4rz", "Apr.", "Mai", "Juni"),
        *("Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."),
    ),
    date="{day}. {month} {year}",
    now="Was gerade geschieht",
    components="Funktionen",
    past="Letzte 14 Tage",
    nothing="Es wurde nichts gemeldet.",
    affects="Betrifft",
    reported="Gemeldet",
    next="N\u00e4chste Nachricht bis",
    withdrawn="Dieser Text wurde zur\u00fcckgezogen.",
    untitled="Vorfall",
    corrects="Berichtigt die Nachricht vom",
    corrected="Dies wurde berichtigt am",
    updated="Letzte Nachricht",
    written="Seite erstellt",
    lost="Wir erreichen unsere eigenen Daten gerade nicht. Dies ist der Stand vom",
    contact="Kontakt",
    feed="Feed",
    languages="Sprachen",
)
_FR: Final = Words(
    lang="fr",
    name="Fran\u00e7ais",
    states={
        "none": "Aucun probl\u00e8me connu",
        "notice": "Une information \u00e0 conna\u00eetre",
        "minor": "Certaines fonctions sont limit\u00e9es",
        "major": "Une partie du service ne fonctionne pas correctement",
        "critical": "Un probl\u00e8me grave est en cours",
    },
    healths={
        "operational": "En service",
        "degraded_performance": "Limit\u00e9",
        "partial_outage": "Partiellement en panne",
        "major_outage": "En panne",
        "off": "D\u00e9sactiv\u00e9",
    },
    stages={
        "investigating": "En cours d\u2019analyse",
        "identified": "Cause trouv\u00e9e",
        "monitoring": "Sous surveillance",
        "resolved": "R\u00e9solu",
        "correction": "Rectification",
    },
    months=(
        *("janv.", "f\u00e9vr.", "mars", "avr.", "mai", "juin"),
        *("juill.", "ao\u00fbt", "sept.", "oct.", "nov.", "d\u00e9c."),
    ),
    date="{day} {month} {year}",
    now="Ce qui se passe maintenant",
    components="Fonctions",
    past="14 derniers jours",
    nothing="Rien n\u2019a \u00e9t\u00e9 signal\u00e9.",
    affects="Concerne",
    reported="Signal\u00e9 le",
    next="Prochaine information avant le",
    withdrawn="Ce texte a \u00e9t\u00e9 retir\u00e9.",
    untitled="Incident",
    corrects="Rectifie le message du",
    corrected="Rectifi\u00e9 le",
    updated="Derni\u00e8re information",
    written="Page cr\u00e9\u00e9e",
    lost="Nos propres donn\u00e9es sont injoignables en ce moment. Voici ce qui \u00e9tait connu le",
    contact="Nous contacter",
    feed="Flux",
    languages="Langues",
)
_ES: Final = Words(
    lang="es",
    name="Espa\u00f1ol",
    states={
        "none": "Sin problemas conocidos",
        "notice": "Hay un aviso",
        "minor": "Algunas funciones tienen limitaciones",
        "major": "Una parte del servicio no funciona bien",
        "critical": "Hay un problema grave",
    },
    healths={
        "operational": "Funciona",
        "degraded_performance": "Limitado",
        "partial_outage": "Fallo parcial",
        "major_outage": "Fuera de servicio",
        "off": "Desactivado",
    },
    stages={
        "investigating": "En investigaci\u00f3n",
        "identified": "Causa encontrada",
        "monitoring": "En observaci\u00f3n",
        "resolved": "Resuelto",
        "correction": "Correcci\u00f3n",
    },
    months=("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"),
    date="{day} {month} {year}",
    now="Lo que ocurre ahora",
    components="Funciones",
    past="\u00daltimos 14 d\u00edas",
    nothing="No se inform\u00f3 de nada.",
    affects="Afecta a",
    reported="Primer aviso",
    next="Pr\u00f3xima noticia antes del",
    withdrawn="Este texto fue retirado.",
    untitled="Incidente",
    corrects="Corrige lo dicho el",
    corrected="Esto se corrigi\u00f3 el",
    updated="\u00daltima noticia",
    written="P\u00e1gina creada",
    lost="Ahora no podemos acceder a nuestros propios registros. Esto es lo que se sab\u00eda el",
    contact="Contacto",
    feed="Canal",
    languages="Idiomas",
)
SPOKEN: Final[Mapping[str, Words]] = {one.lang: one for one in (ENGLISH, _DE, _FR, _ES)}
