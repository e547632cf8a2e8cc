"""A book of models and workflows that are declared with it, for tests of names, prices and choices."""

from opsbot.app.declare import Declare
from opsbot.domain.declaration import Catalogue
from opsbot.domain.model_book import Model, ModelBook, Price
from opsbot.domain.workflow import Workflow
from tests.support.world import World, policy, workflow

GPT, MINI, SONNET = "openai/gpt-5.2", "openai/gpt-5-mini", "anthropic/claude-sonnet-5"
SNAPSHOT, AZURE = "openai/gpt-5.2-2026-03-01", "azure/my-gpt5"
BOOK = ModelBook(
    {
        GPT: Model(GPT, (SNAPSHOT, AZURE), Price(1.25, 10)),
        MINI: Model(MINI, (), Price(0.25, 2)),
        SONNET: Model(SONNET, ("bedrock/anthropic.claude-sonnet-5-v1:0",), Price(3, 15)),
    }
)
GATES = [
    {"suite": "s", "metric": "pass", "op": ">=", "threshold": 0.9, "min_n": 10, "max_age_h": 72}
]


def route(
    target: str = GPT, fallbacks: tuple[str, ...] = (SONNET,), strategy: str = "pinned"
) -> dict[str, object]:
    """Return a declared route."""
    return {
        "revision": "r1",
        "targets": [_target(target, weight=100)],
        "fallbacks": [_target(name) for name in fallbacks],
        "prompt": "p@1",
        "params": {},
        "strategy": strategy,
    }


def _target(name: str, **more: int) -> dict[str, object]:
    provider, _, model = name.partition("/")
    return {"provider": provider, "model": model, **more}


def using(name: str, *, approved: tuple[str, ...] = (GPT, SONNET), **changes: object) -> Workflow:
    """Return a workflow that may use *approved*, and carries their other names."""
    names = {other for one in approved for other in BOOK.same(one)} - set(approved)
    extra = {"approved": list(approved), "names": sorted(names), "gates": GATES}
    return workflow(name, **{"route": route(), "extra": extra, **changes})


async def declare(world: World, *workflows: Workflow, book: ModelBook = BOOK) -> None:
    """Declare them as reading the files would."""
    named = {one.name: one for one in workflows}
    await Declare(world.store, world.env.entropy)(
        Catalogue(named, policy(), f"h{len(named)}", book=book)
    )
