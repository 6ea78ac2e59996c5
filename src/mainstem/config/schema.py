"""The JSON Schema of `mainstem.yaml`, for editors: `make docs` writes it to docs/."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mainstem.config.platform import Platform


def platform_schema() -> str:
    """Write the schema as JSON text, as it stands in docs/mainstem.schema.json."""
    schema = Platform.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "mainstem.yaml"
    schema["properties"]["published"]["default"] = "published"
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(platform_schema(), encoding="utf-8")
