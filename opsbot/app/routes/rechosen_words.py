"""Tell who answers for a workflow that another model was chosen, and that people have to begin its ramp."""

from opsbot.app.environment import Environment
from opsbot.domain.change import Json, Record
from opsbot.domain.errors import UnknownRevision
from opsbot.domain.route import number_of
from opsbot.domain.said import Said
from opsbot.domain.state import ROUTES, State
from opsbot.domain.typed import command

CHOSEN = "chosen"
"""What a message of the kind `tell` is about."""


def chosen_told(
    env: Environment, state: State, body: Record
) -> tuple[Said, tuple[str, ...]] | None:
    """Return the message and whom it is for; None where the revision serves by now, or is gone."""
    name, number = str(body["workflow"]), number_of(str(body["revision"]))
    workflow = state.workflows().get(name)
    if workflow is None or number is None or name not in state.kind(ROUTES):
        return None
    routing = state.routing(name)
    if number in (routing.active, routing.candidate and routing.candidate.number):
        return None
    try:
        revision = state.revision(name, number)
    except UnknownRevision:
        return None
    models = ", ".join(f"`{one.name}`" for one in revision.route.targets)
    why: Json = next((one["why"] for one in revision.evidence if "why" in one), "")
    said = Said(
        "amber",
        f"{revision.id} of `{name}` in {env.name} waits: the strategy would serve {models}",
        (
            f"{why}.",
            f"It serves nobody. On tier {workflow.tier} two people begin a ramp.",
            f"To ask for it: {command(f'route {name} stage {revision.id}')}.",
        ),
    )
    return said, (workflow.dri,)
