"""The REST API: pipelines, and what the manager knows of runtimes, models, instances and Envoys."""

from __future__ import annotations

import re

from aiohttp import web

from catenary import names
from catenary.body import read_json
from catenary.errors import InvalidInput, MalformedRequest, NotFound
from catenary.http import json_response, validated
from catenary.messages import IndexEntry, Instance, LoadedModel, Pipeline
from manager.ads import describe
from manager.controller import Controller
from manager.pipelines import StoredPipeline

_ETAG = re.compile(r'"([1-9][0-9]{0,17})"')
"""A revision: no store counts farther."""


class Api:
    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def add_to(self, app: web.Application) -> None:
        one = names.PIPELINES_PATH + "/{name}"
        instance = names.INSTANCES_PATH + "/{id}"
        app.add_routes(
            [
                web.get(names.HEALTH_PATH, self._health),
                web.get(names.PIPELINES_PATH, self._list_pipelines),
                web.post(names.PIPELINES_PATH, self._put_pipeline),
                web.put(names.PIPELINES_PATH, self._put_pipeline),
                web.get(one, self._get_pipeline),
                web.put(one, self._put_pipeline),
                web.delete(one, self._delete_pipeline),
                web.get(names.INSTANCES_PATH, self._list_instances),
                web.put(instance, self._renew_instance),
                web.delete(instance, self._delete_instance),
                web.get(names.RUNTIMES_PATH, self._list_runtimes),
                web.get(names.MODELS_PATH, self._list_models),
                web.get(names.ENVOYS_PATH, self._list_envoys),
            ]
        )

    async def _health(self, _request: web.Request) -> web.Response:
        """200 though the store be away: for that nobody should restart the manager, which goes on serving."""
        standing = self._controller.standing
        store: dict[str, object] = {"status": "ok"}
        if standing.since:
            since = standing.since.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            store = {"status": "unavailable", "errors": standing.faults, "since": since}
        elif not self._controller.loaded.is_set():
            store = {"status": "starting"}
        return json_response(
            {
                "status": "ok" if store["status"] == "ok" else "degraded",
                "pipelines": self._controller.pipeline_count(),
                "envoys": len(self._controller.ads.envoys()),
                "store": store,
            }
        )

    async def _list_pipelines(self, _request: web.Request) -> web.Response:
        pipelines = await self._controller.pipelines()
        return json_response([self._document(stored, self._controller.in_force(stored)) for stored in pipelines])

    async def _get_pipeline(self, request: web.Request) -> web.Response:
        stored = await self._controller.pipeline(_named("pipeline", request.match_info["name"]))
        return self._answer(stored, self._controller.in_force(stored))

    async def _put_pipeline(self, request: web.Request) -> web.Response:
        body = await read_json(request)
        name = request.match_info.get("name")
        if name is not None and isinstance(body, dict) and body.setdefault("name", name) != name:
            raise InvalidInput(f"name: the path says {name!r}, the body {body['name']!r}", field="name")
        pipeline = validated(Pipeline, body)
        expected = await self._expected(request, pipeline.name)
        stored, created, in_force = await self._controller.put_pipeline(pipeline, expected)
        return self._answer(stored, in_force, status=201 if created else 200)

    async def _delete_pipeline(self, request: web.Request) -> web.Response:
        name = _named("pipeline", request.match_info["name"])
        in_force = await self._controller.delete_pipeline(name, await self._expected(request, name))
        return json_response({"name": name, "state": "deleted" if in_force else "pending"})

    async def _list_instances(self, _request: web.Request) -> web.Response:
        return json_response([i.model_dump(mode="json") for i in self._controller.instances()])

    async def _renew_instance(self, request: web.Request) -> web.Response:
        instance = validated(Instance, await read_json(request))
        if instance.id != request.match_info["id"]:
            raise InvalidInput("id: the path and the body name different instances", field="id")
        await self._controller.renew(instance)
        return json_response({"lease_s": self._controller.registry.lease_s})

    async def _delete_instance(self, request: web.Request) -> web.Response:
        instance_id = _named("instance", request.match_info["id"])
        if not await self._controller.leave(instance_id):
            raise NotFound("instance", instance_id, [i.id for i in self._controller.instances()])
        return json_response({"id": instance_id, "state": "deleted"})

    async def _list_runtimes(self, _request: web.Request) -> web.Response:
        registry = self._controller.registry
        services = set(names.TYPE_OF_SERVICE) | (registry.services() - {names.GATEWAY, names.MANAGER, names.REPOSITORY})
        return json_response(
            [
                {
                    "service": service,
                    "type": names.TYPE_OF_SERVICE.get(service),
                    "instances": [i.id for i in registry.instances(service)],
                    "models": sorted({m.name for m in self._loaded(service) if m.state == "ready"}),
                }
                for service in sorted(services)
            ]
        )

    async def _list_models(self, _request: web.Request) -> web.Response:
        """The repository's index; beside each model, what the instances of its service say of it."""
        documents = []
        for entry in self._controller.catalog.entries or ():
            service = names.SERVICE_OF_TYPE.get(entry.runtime)
            said = [m for m in self._loaded(service) if m.name == entry.name] if service else []
            documents.append({**entry.model_dump(mode="json"), "service": service, **_served(entry, said)})
        return json_response(documents)

    async def _list_envoys(self, _request: web.Request) -> web.Response:
        return json_response([describe(envoy) for envoy in self._controller.ads.envoys()])

    def _loaded(self, service: str) -> list[LoadedModel]:
        return [m for i in self._controller.registry.instances(service) for m in i.models or ()]

    def _document(self, stored: StoredPipeline, in_force: bool) -> dict[str, object]:
        waiting_for = self._controller.waits(stored.pipeline)
        state = "pending" if not in_force else "waiting" if waiting_for else "ready"
        return {
            **stored.pipeline.model_dump(mode="json"),
            "state": state,
            "waiting_for": [wait.as_json() for wait in waiting_for],
            "revision": stored.revision,
        }

    def _answer(self, stored: StoredPipeline, in_force: bool, status: int = 200) -> web.Response:
        headers = {"etag": f'"{stored.revision}"', "location": f"{names.PIPELINES_PATH}/{stored.pipeline.name}"}
        return json_response(self._document(stored, in_force), status=status, headers=headers)

    async def _expected(self, request: web.Request, name: str) -> int | None:
        """The revision that the request's conditions allow to be replaced; 0: none may stand there; None: any."""
        none_match = request.headers.get("if-none-match", "").strip()
        condition = request.headers.get("if-match", "").strip()
        if none_match not in ("", "*"):
            raise MalformedRequest("If-None-Match: only * is of use here, which allows a new name alone")
        if none_match:
            return 0
        if not condition:
            return None
        if condition == "*":
            return (await self._controller.pipeline(name)).revision
        match = _ETAG.fullmatch(condition)
        if not match:
            raise MalformedRequest(f'If-Match: {condition!r} is not an ETag that this API gave, such as "17"')
        return int(match[1])


def _named(kind: str, name: str) -> str:
    """`name`, if there may be a `kind` of that name; else NotFound: a store may take it for a path elsewhere."""
    if not names.is_name(name):
        raise NotFound(kind, name, reason=f"that is no name: {names.NAME_RULE}")
    return name


def _served(entry: IndexEntry, said: list[LoadedModel]) -> dict[str, str]:
    """What is true of a model just now: the version that is served, before what the repository has."""
    if served := next((m for m in said if m.state == "ready"), None):
        newer = "is being loaded" if entry.state == "ready" else f"cannot be served: {entry.reason}"
        reason = served.reason or ("" if served.version == entry.version else f"a newer version {newer}")
        return {"state": "ready", "version": served.version, "reason": reason}
    if entry.state != "ready":
        return {"state": entry.state, "reason": entry.reason}
    if broken := next((m for m in said if m.state == "broken"), None):
        return {"state": "broken", "reason": broken.reason}
    return {"state": "loading", "reason": "no instance has loaded it yet"}
