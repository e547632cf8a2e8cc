"""`flags/schema.json`, made from the models that read the files, for editors' completion."""

import json

from pydantic.json_schema import models_json_schema

from opsbot.adapters.catalog.book_models import ModelsFile
from opsbot.adapters.catalog.comms import ClocksFile, TellingFile
from opsbot.adapters.catalog.incidents import IncidentsFile
from opsbot.adapters.catalog.models import WorkflowFile
from opsbot.adapters.catalog.policy_models import PolicyFile


def schema_text() -> str:
    """Return the JSON Schema of workflow declarations, policy, models, incidents and comms, as it is committed."""
    _, made = models_json_schema(
        [
            (WorkflowFile, "validation"),
            (PolicyFile, "validation"),
            (ModelsFile, "validation"),
            (IncidentsFile, "validation"),
            (TellingFile, "validation"),
            (ClocksFile, "validation"),
        ],
        by_alias=True,
    )
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "opsbot declarations",
        "description": "flags/workflows/*.yaml, policy.yaml, models.yaml, incidents.yaml,"
        " comms.yaml and legal-clocks.yaml",
        "if": {"required": ["powers"]},
        "then": {"$ref": "#/$defs/PolicyFile"},
        "else": {
            "if": {"required": ["models"]},
            "then": {"$ref": "#/$defs/ModelsFile"},
            "else": {
                "if": {"required": ["incidents"]},
                "then": {"$ref": "#/$defs/IncidentsFile"},
                "else": {
                    "if": {"required": ["legal_clocks"]},
                    "then": {"$ref": "#/$defs/ClocksFile"},
                    "else": {
                        # A workflow has a `comms:` too, of another form.
                        "if": {"required": ["comms"], "not": {"required": ["workflow"]}},
                        "then": {"$ref": "#/$defs/TellingFile"},
                        "else": {"$ref": "#/$defs/WorkflowFile"},
                    },
                },
            },
        },
        "$defs": made["$defs"],
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
