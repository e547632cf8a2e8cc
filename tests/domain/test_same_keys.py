"""Two kills that deal the same sticky keys, as every client reads them."""

from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.same_keys import dealing, salt_like
from opsflags.shares import MOST_RESTORED, Ramp

WORDS = st.text(max_size=40)
KEYS = [f"user-{number}" for number in range(500)]


@given(lead=WORDS, other=WORDS, salt=WORDS, percent=st.integers(1, MOST_RESTORED))
def test_whatever_the_uids_are_the_same_keys_are_let_through(
    lead: str, other: str, salt: str, percent: int
) -> None:
    alike = salt_like(dealing(lead, salt), other, salt)

    first, second = Ramp(percent, salt), Ramp(percent, alike)

    assert [first.lets(lead, key) for key in KEYS] == [second.lets(other, key) for key in KEYS]
    assert alike.startswith(salt)


def test_a_salt_that_deals_so_already_stays_as_it_is() -> None:
    assert salt_like(dealing("uid", "salt"), "uid", "salt") == "salt"


def test_without_it_two_kills_deal_other_keys() -> None:
    one, other = ({key for key in KEYS if Ramp(50, "salt").lets(uid, key)} for uid in ("a", "b"))

    assert one != other
