"""Every name that two processes share: services, headers, paths, ports, and what a valid name looks like.

A name that stands here is a contract: producer and consumer both take it from this module. `envoy/chain.lua` repeats
the headers; a test compares them.
"""

from __future__ import annotations

import re
from typing import Final

# Services in the registry. A runtime's type is its word in metadata and its folder under `models/`.
MANAGER: Final = "manager"
GATEWAY: Final = "gateway"
REPOSITORY: Final = "repository"
SERVICE_OF_TYPE: Final = {
    "scikit": "serving-scikit",
    "spark": "serving-localml-spark",
    "custom": "serving-customscikit",
}
TYPE_OF_SERVICE: Final = {service: type_ for type_, service in SERVICE_OF_TYPE.items()}

# Clusters that are not services: the app behind a sidecar, the manager's xDS, Zipkin. No service can have such a name.
APP_CLUSTER: Final = "_app"
XDS_CLUSTER: Final = "_xds"
ZIPKIN_CLUSTER: Final = "_zipkin"

# Host ports, as in hydro-serving.
MANAGER_PORT: Final = 8080
GATEWAY_PORT: Final = 8083
REPOSITORY_PORT: Final = 8087

# Paths.
PIPELINES_PATH: Final = "/api/v1/pipelines"
INSTANCES_PATH: Final = "/api/v1/instances"
RUNTIMES_PATH: Final = "/api/v1/runtimes"
MODELS_PATH: Final = "/api/v1/models"
ENVOYS_PATH: Final = "/api/v1/envoys"
SERVE_PATH: Final = "/api/v1/serve"
HEALTH_PATH: Final = "/health"
METRICS_PATH: Final = "/metrics"
ZIPKIN_PATH: Final = "/api/v2"
"""Zipkin's own API: `/spans`, `/traces`, `/trace/<id>` and what else is below."""

# Headers.
REQUEST_ID: Final = "x-request-id"
TRACE_ID: Final = "x-trace-id"
SERVER_TIMING: Final = "server-timing"
TIMEOUT_MS: Final = "x-catenary-timeout-ms"
"""What is left of the request's deadline, in milliseconds: a client may send it, every step receives it."""
PIPELINE: Final = "x-catenary-pipeline"
"""Which pipeline a step is asked for, set by the chain; in the metadata of a gRPC call, the pipeline that is called."""
STEP: Final = "x-catenary-step"
"""The position of the step in its pipeline's chain, from 1 on; set by the chain on what the step receives."""
BEGINS_LIKE: Final = "x-catenary-begins-like"
"""Set by the edge on what it hands to the gateway's app instead of a pipeline: the one whose path it begins with."""
LOCAL_REPLY: Final = "x-catenary-local-reply"
"""Set by an Envoy on an answer that it made itself: Envoy's response code details."""

# A compiled Spark model: the file in the model's folder, and the entry of it that tells of columns and stages.
COMPILED_FILE: Final = "model.npz"
COMPILED_STAGES: Final = "stages.json"

JSON_TYPE: Final = "application/json"
PROBLEM_TYPE: Final = "application/problem+json"
GRPC_TYPE: Final = "application/grpc"
"""A gRPC message's, also with a suffix such as `+proto`."""

DEFAULT_BODY_BYTES: Final = 64 * 1024 * 1024
DEFAULT_TIMEOUT_S: Final = 60.0
DEFAULT_RETRIES: Final = 2

# One pattern for pipelines, services and models: what is safe in a path, in a header and as a folder.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?")
NAME_RULE: Final = "1 to 128 letters, digits, '.', '_' or '-', beginning and ending with a letter or digit"
_MODEL_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}(?:/[A-Za-z0-9][A-Za-z0-9._:-]{0,127}){0,7}")
MODEL_PATH_RULE: Final = "a model's name, or the path of a foreign server: up to 8 parts of letters, digits and '._:-'"

_HEADER = re.compile(r"[A-Za-z0-9_-]{1,64}")
HEADER_RULE: Final = "1 to 64 letters, digits, '-' or '_'"


def is_name(text: str) -> bool:
    """Whether `text` may name a pipeline, a service or a model."""
    return _NAME.fullmatch(text) is not None and ".." not in text


def is_model_path(text: str) -> bool:
    """Whether `text` may follow the service in a chain's entry."""
    return _MODEL_PATH.fullmatch(text) is not None and ".." not in text


def is_header(text: str) -> bool:
    """Whether `text` may name the header that tells clients apart."""
    return _HEADER.fullmatch(text) is not None
