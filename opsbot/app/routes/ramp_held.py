"""What the author of a ramp is told when it, or the watch of its last step, has been held for long. Pure."""

from opsbot.app.environment import policy_of
from opsbot.app.reach import slack_ids
from opsbot.app.routed import mark_of, uid_of
from opsbot.app.routes.ramp_decision import decide_ramp
from opsbot.app.routes.shares import progress
from opsbot.app.routes.words import ramp_buttons
from opsbot.domain.change import Record
from opsbot.domain.kill_ramp import HUMAN
from opsbot.domain.ramp import Step, steps_of
from opsbot.domain.routing import Candidate, Routing
from opsbot.domain.said import Said
from opsbot.domain.state import State
from opsbot.domain.typed import command


def held_told(
    env: str, state: State, body: Record, now_ms: int
) -> tuple[Said, tuple[str, ...]] | None:
    """Return what is told of a ramp that is held for long, and to whom; None where it is not so any more."""
    workflow = state.workflows().get(str(body["workflow"]))
    if workflow is None:
        return None
    routing, uid, mark = state.routing(workflow.name), str(body["uid"]), str(body["mark"])
    if (uid_of(routing), mark_of(routing)) != (uid, mark):
        return None
    tried = routing.candidate
    if tried is not None:
        steps = tried.steps or steps_of(workflow.extra.get("stages"))
        said = _held(env, routing, tried, steps) if tried.held else None
        by = tried.by
    else:
        _, looked = decide_ramp(state, now_ms, workflow.name, uid=uid, mark=mark)
        said = _watched(env, routing, looked.why) if looked.why else None
        by = state.revision(workflow.name, routing.active).author
    policy = policy_of(state)
    author = slack_ids(policy, (by,)) if by in policy.people else ()
    return None if said is None else (said, author or (workflow.dri,))


def _held(env: str, routing: Routing, tried: Candidate, steps: tuple[Step, ...]) -> Said:
    stage = f"route {routing.workflow} stage"
    onward = (
        f"Only a person lets it go on: {command(f'{stage} go-on')}."
        if tried.held.startswith(HUMAN)
        else "It goes on by itself when nothing holds it any more."
    )
    return Said(
        "amber",
        f"Held for long: {tried.id} of `{routing.workflow}` in {env}",
        (
            progress(steps, min(tried.step, len(steps) - 1)),
            f"Waits: {tried.held}.",
            f"{onward} Give it up: {command(f'{stage} cancel')}.",
        ),
        ramp_buttons(routing),
    )


def _watched(env: str, routing: Routing, why: str) -> Said:
    back = command(f"rollback {routing.workflow}")
    return Said(
        "amber",
        f"Watched for long: {routing.id} of `{routing.workflow}` in {env} is not the last good one yet",
        (f"Waits: {why}.", f"Until then {back} goes to r{routing.last_good}."),
    )
