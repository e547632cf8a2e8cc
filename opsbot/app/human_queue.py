"""The people behind `human`: whether their queue is open, and what comes when it closes. Pure."""

from opsbot.domain.change import Effect, Timer
from opsbot.domain.hours import parse_hours
from opsbot.domain.kill import Kill
from opsbot.domain.workflow import Workflow


def mode_now(
    mode: str, workflows: tuple[Workflow, ...] | None, now_ms: int
) -> tuple[str, int | None]:
    """
    Turn `human` outside its queue's hours into what its end would; return when it closes.

    *workflows* is None for a kill that names no workflow.
    """
    if mode != "human" or not workflows:
        return mode, None
    workflow = workflows[0]
    if workflow.human_queue is None:
        return after_hours(workflow), None
    hours = parse_hours(workflow.human_queue.hours)
    if not hours.open_at(now_ms):
        return after_hours(workflow), None
    return "human", hours.closing_ms(now_ms)


def after_hours(workflow: Workflow) -> str:
    """Return what `human` becomes when nobody takes over: the approved text, else a stop."""
    return "canned" if workflow.canned else "stop"


def queue_timer(kill: Kill, now_ms: int, closes_ms: int | None) -> tuple[Timer, ...]:
    """Return the timer that ends `human` when its queue closes."""
    if closes_ms is None:
        return ()
    close = Effect("queue_closed", f"queue:{kill.uid}:{closes_ms}", {"kill": kill.id}, lane="kill")
    return (Timer(f"queue:{kill.uid}", max(closes_ms - now_ms, 0), close),)
