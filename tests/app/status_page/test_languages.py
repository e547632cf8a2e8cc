"""Whoever reads the page reads it in their language, as far as it was written in it."""

from tests.app.status_page.test_files import files
from tests.support.status import three_incidents, told


async def test_a_language_that_a_text_is_not_in_shows_the_first_one_and_says_which() -> None:
    found = files((await three_incidents()).page())
    german = found["index.de.html"]

    assert german.startswith('<!doctype html>\n<html lang="de">')
    assert "Wir haben ihn abgeschaltet." in german
    assert '<div lang="en"><p>We returned to the previous version' in german
    assert "Ein Teil" not in german
    assert "Es gibt ein ernstes Problem" in german
    assert found["index.html"] == found["index.en.html"]


async def test_a_headline_is_read_in_its_language_where_it_was_written() -> None:
    company = await told()
    await company.incident("INC-1")
    words = {"en": "It is off.", "de": "Er ist aus."}
    await company.say("INC-1", "identified", "Off", words, headlines={"de": "Aus"})

    found = files(company.page())

    assert ">Aus</span>" in found["index.de.html"]
    assert ">Off</span>" in found["index.html"]


async def test_a_language_that_the_page_does_not_speak_is_framed_in_english() -> None:
    company = await told()
    await company.declare({"page_title": "Acme", "locales": ["pt-br"]})
    await company.incident("INC-1")
    await company.say("INC-1", "identified", "Lento", {"pt-br": "Est\u00e1 lento."})

    text = files(company.page())["index.html"]

    assert '<html lang="en">' in text
    assert '<div lang="pt-br"><p>Est\u00e1 lento.</p></div>' in text
