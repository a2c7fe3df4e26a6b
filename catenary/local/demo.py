"""The product-matching chain on two pairs of products: what the demo sends, and whether the answer is right."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catenary import data, names
from catenary.client import Answer, Client
from catenary.errors import ServingError
from catenary.local.stack import Stack

PIPELINE = "endpointML"
CHAIN = ("serving-customscikit/pm_scikit", "serving-localml-spark/pm_spark")
LABELS = ["no", "yes"]
"""An iPhone against an aquarium pump; the same phone twice."""
READY_TIMEOUT_S = 20.0
POLL_S = 0.1


def request_file() -> Path:
    """The request: a JSON array of two rows."""
    return data.models_dir() / "custom" / "pm_scikit" / "request.json"


def serve_demo(stack: Stack) -> Demonstration:
    """Create the pipeline and send the request.

    Raises ServingError if the pipeline does not become ready, and what a refused request means.
    """
    manager = Client(stack.manager)
    message = {"name": PIPELINE, "transportType": "http", "chain": CHAIN}
    pipeline = manager.call("POST", names.PIPELINES_PATH, message)
    deadline = time.monotonic() + READY_TIMEOUT_S
    while pipeline["state"] != "ready":
        if time.monotonic() > deadline:
            reasons = "; ".join(f"step {wait['step']}: {wait['detail']}" for wait in pipeline["waiting_for"])
            raise ServingError(f"pipeline {PIPELINE} is {pipeline['state']} after {READY_TIMEOUT_S:g} s: {reasons}")
        time.sleep(POLL_S)
        pipeline = manager.call("GET", f"{names.PIPELINES_PATH}/{PIPELINE}")
    body = request_file().read_bytes()
    answer = Client(stack.gateway, timeout_s=30).send(
        "POST", f"{names.SERVE_PATH}/{PIPELINE}", body, {"content-type": names.JSON_TYPE}
    )
    if error := answer.error():
        raise error
    return Demonstration(json.loads(body), answer)


@dataclass(frozen=True, slots=True)
class Demonstration:
    """The rows that were sent and the gateway's answer."""

    sent: list[dict[str, Any]]
    answer: Answer

    @property
    def rows(self) -> list[dict[str, Any]]:
        return list(self.answer.json())

    @property
    def right(self) -> bool:
        return [row.get("predictionLabel") for row in self.rows] == LABELS
