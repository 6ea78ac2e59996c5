"""The JSON Schema of `mainstem.yaml`, which editors read: `python -m mainstem.config.schema`."""

from __future__ import annotations

import json
import sys

from mainstem.config.platform import Platform


def platform_schema() -> str:
    """Write the schema as JSON text, as it stands in docs/mainstem.schema.json."""
    schema = Platform.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "mainstem.yaml"
    schema["properties"]["published"]["default"] = "published"
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(platform_schema())
