"""What Envoys count, as the supervisor beside each would export it."""

from __future__ import annotations

from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from catenary.sidecar.admin import EnvoyAdmin
from catenary.sidecar.exposition import exported

Labels = dict[str, str]


async def of_envoy(admin_socket: Path) -> list[Sample]:
    async with EnvoyAdmin(admin_socket) as admin:
        text = exported(await admin.metrics(10), gateway=True)
    return samples(text.decode())


async def of_page(address: str) -> list[Sample]:
    """What is served at `address`, an instance's `metrics`."""
    async with aiohttp.ClientSession() as http, http.get(f"http://{address}/metrics") as answer:
        assert answer.status == 200
        return samples(await answer.text())


def samples(text: str) -> list[Sample]:
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def values(found: list[Sample], name: str, *labels: str, **where: str) -> dict[tuple[str, ...], float]:
    """The samples called `name` whose labels are as in `where`, by the values of `labels`."""
    return {
        tuple(sample.labels.get(label, "") for label in labels): sample.value
        for sample in found
        if sample.name == name and where.items() <= sample.labels.items()
    }
