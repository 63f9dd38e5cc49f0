"""The reference's example of a call: a curl command that can be pasted into a shell."""

import json
import shlex
from typing import Any

Schema = dict[str, Any]

SERVER = "http://localhost:8080"
_WIDTH = 100
_SAMPLES = {"queue": "emails", "queueName": "emails", "job_id": "1", "jobId": "1", "id": "1"}


def curl(method: str, path: str, operation: Schema) -> str:
    """The token is taken from `$TOKEN`."""
    parts = ["curl"]
    if method not in ("get", "post") or (method == "post" and "requestBody" not in operation):
        parts.append(f"-X {method.upper()}")
    if operation.get("security"):
        parts.append('-H "Authorization: Bearer $TOKEN"')
    parts.append(_url(path, operation))
    body = body_of(operation)
    command = " ".join(parts)
    if body is None:
        return command
    data = f"-d {shlex.quote(body)}"
    return f"{command} {data}" if len(command) + len(data) < _WIDTH else f"{command} \\\n  {data}"


def body_of(operation: Schema) -> str | None:
    """An example of a body, on one line."""
    if "requestBody" not in operation:
        return None
    example = operation["requestBody"]["content"]["application/json"].get("example", {})
    return json.dumps(example, ensure_ascii=False)


def _url(path: str, operation: Schema) -> str:
    asked = []
    for one in operation.get("parameters", []):
        name = one["name"]
        if one["in"] == "path":
            path = path.replace(f"{{{name}}}", _SAMPLES.get(name, name.upper()))
        elif one["in"] == "query" and one.get("required"):
            asked.append(f"{name}={name.upper()}")
    url = SERVER + path + ("?" + "&".join(asked) if asked else "")
    return shlex.quote(url)
