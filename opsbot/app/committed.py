"""One commit: a request that was done before is answered as done, whatever deciding says now."""

from opsbot.app.ports import Decide, Store, T
from opsbot.domain.change import Change, Committed
from opsbot.domain.errors import Refused
from opsbot.domain.state import State


async def committed(
    store: Store, request_id: str, decide: Decide[T]
) -> tuple[Committed | None, T | None]:
    """
    Commit; return what the store vouches for and what was decided, None for a request done before.

    A repetition would be refused for what its own first time changed, and that is no answer.

    Raises:
        Refused: nothing was changed, now or before. StoreLost: whether it is stored is not known.
    """

    def safely(state: State, now_ms: int) -> tuple[Change | None, T | Refused]:
        try:
            return decide(state, now_ms)
        except Refused as no:
            return None, no

    done, decided = await store.commit(request_id, safely)
    if done is not None and done.repeated:
        return done, None
    if isinstance(decided, Refused):
        raise decided
    return done, decided
