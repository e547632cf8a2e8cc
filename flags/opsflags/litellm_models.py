"""Which model group of a LiteLLM proxy serves which `provider/model`, both ways. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from opsflags.routes import Place

Deployment = tuple[str, str]
"""A model group's name, and the `provider/model` of one of its deployments."""


class Models:
    """
    The names of models, as routes and kills spell them and as LiteLLM does.

    *declared* maps `provider/model` to a model group; *deployments* gives what the proxy serves now.
    """

    __slots__ = ("_declared", "_deployments")

    def __init__(
        self, declared: Mapping[str, str], deployments: Callable[[], Iterable[Deployment]]
    ) -> None:
        self._declared = declared
        self._deployments = deployments

    def is_group(self, name: str) -> bool:
        """Return whether the proxy has a model group of this very name."""
        return any(group == name for group, _ in self._deployments())

    def group_of(self, target: str) -> str | None:
        """
        Return the name under which the proxy serves *target*, a `provider/model`; None: not at all.

        The declared one, else a group of that name, else one that only this model is behind, else
        the model's own name where a group with a star stands for it.
        """
        declared = self._declared.get(target)
        if declared is not None:
            return declared
        behind: dict[str, set[str]] = {}
        for group, model in self._deployments():
            behind.setdefault(group, set()).add(model)
        if target in behind:
            return target
        alone = [group for group, models in behind.items() if models == {target}]
        if alone:
            return alone[0]
        starred = any(g.endswith("*") and target.startswith(g[:-1]) for g in behind)
        return target if starred else None

    def places(self, group: str) -> list[Place]:
        """Return where a call of *group* may go, each once: deployments and declared targets."""
        models = [model for name, model in self._deployments() if name == group]
        return list(dict.fromkeys(place_of(model) for model in [*models, *self.declared(group)]))

    def declared(self, group: str | None) -> list[str]:
        """Return every `provider/model` that is declared to be served by *group*."""
        return [target for target, name in self._declared.items() if name == group]


def place_of(model: str, provider: str | None = None) -> Place:
    """Return provider and model of LiteLLM's name of a deployment's model."""
    head, slash, tail = model.partition("/")
    if provider is not None:
        return (provider, model.removeprefix(f"{provider}/"))
    return (head, tail) if slash else (None, model)
