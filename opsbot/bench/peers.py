"""Other flag SDKs, asked in the same run where they are installed; none is a dependency."""

from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec

from opsbot.bench.rows import loop

KNOWN = {"openfeature": "OpenFeature SDK, NoOp provider", "statsig_python_core": "Statsig core"}


def missing() -> list[str]:
    """Return the names of the peers that are not installed here."""
    return [name for package, name in KNOWN.items() if find_spec(package) is None]


def peers() -> Iterator[tuple[str, Callable[[int], None]]]:
    """Yield the installed peers' names and their loops: one boolean flag, one user with a tenant."""
    if find_spec("openfeature") is not None:
        yield KNOWN["openfeature"], _openfeature()
    if find_spec("statsig_python_core") is not None:
        yield KNOWN["statsig_python_core"], _statsig()


def _openfeature() -> Callable[[int], None]:
    api, context = import_module("openfeature.api"), import_module("openfeature.evaluation_context")
    names = {
        "client": api.get_client(),
        "who": context.EvaluationContext("user-1", {"tenant": "acme"}),
    }
    return loop("client.get_boolean_value('kill', False, who)", names)


def _statsig() -> Callable[[int], None]:
    core = import_module("statsig_python_core")
    options = core.StatsigOptions()
    options.disable_network = True
    options.disable_all_logging = True
    statsig = core.Statsig("secret-bench", options)
    statsig.initialize().wait()
    names = {"statsig": statsig, "who": core.StatsigUser("user-1", custom={"tenant": "acme"})}
    return loop("statsig.check_gate(who, 'kill')", names)
