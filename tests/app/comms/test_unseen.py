"""What was given up at a target and may be there all the same: the next message is told of it, to go on there."""

from tests.support.comms import FIRST, LATER, NEXT, never, telling

MAIL = "mail"


async def test_the_next_message_is_told_what_may_stand_there_unseen() -> None:
    one = await telling()
    one.places[MAIL].after.append(never)
    await one.told(FIRST, targets=(MAIL,))
    assert one.message().sent[MAIL].state == "failed"

    await one.told(NEXT, targets=(MAIL,))

    first, second = one.places[MAIL].posts
    (unseen,) = second.unseen
    assert (unseen.message, unseen.key) == ("MSG-1", first.key)
    assert (unseen.headline, unseen.texts) == (first.headline, first.texts)
    assert unseen.at_ms == first.at_ms
    assert first.unseen == ()


async def test_where_the_place_is_known_nothing_is_looked_for() -> None:
    one = await telling()
    await one.told(FIRST, targets=(MAIL,))
    one.places[MAIL].before.append(never)
    await one.told(NEXT, targets=(MAIL,))

    await one.told(LATER, targets=(MAIL,))

    assert one.places[MAIL].posts[-1].message == "MSG-3"
    assert one.places[MAIL].posts[-1].unseen == ()


async def test_words_that_were_erased_are_shown_to_no_target_again() -> None:
    one = await telling()
    one.places[MAIL].after.append(never)
    await one.told(FIRST, targets=(MAIL,))
    await one.world.store.erase(tuple(one.message().texts.values()))

    await one.told(NEXT, targets=(MAIL,))

    assert one.places[MAIL].posts[-1].unseen == ()
