"""The form of `flags/models.yaml`, as pydantic checks it; its rules are in `catalog_book`."""

from typing import Annotated

from pydantic import Field

from opsbot.adapters.catalog.models import ModelName, Strict, Word

Dollars = Annotated[float, Field(ge=0, le=100_000)]


class PriceFile(Strict):
    """What a million tokens cost, in US dollars."""

    input: Dollars
    output: Dollars


class ModelFile(Strict):
    """One model: under which other names it is called, what it costs, who approved it."""

    aliases: Annotated[
        list[Word],
        Field(
            default_factory=list,
            description="Dated snapshots, and deployments at other providers as `provider/name`.",
        ),
    ]
    usd_per_million_tokens: PriceFile | None = None
    context: Annotated[int | None, Field(ge=1, description="Tokens.")] = None
    approved_by: Annotated[str, Field(max_length=200)] = ""
    approved_at: Annotated[str, Field(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""


class ModelsFile(Strict):
    """The models that the company may use, by `provider/model`."""

    models: dict[ModelName, ModelFile]
