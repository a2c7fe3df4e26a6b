"""What a test asks of a mesh's manager while its store is well, or is not."""

from __future__ import annotations

from typing import Any

from load import Load
from mesh import Mesh, until

from catenary import names


class Control:
    """`store`: a word that stands in every refusal to write."""

    def __init__(self, mesh: Mesh, store: str) -> None:
        self.mesh = mesh
        self.store = store

    def load(self, *pipelines: str) -> Load:
        urls = [self.mesh.serve_url(pipeline) for pipeline in pipelines or ["p"]]
        return Load(urls, [], right=lambda rows: rows == [], clients=max(4, len(urls)))

    async def call(self, method: str, path: str, body: Any = None, url: str = "") -> tuple[int, Any, Any]:
        async with self.mesh.session.request(method, (url or self.mesh.manager_url) + path, json=body) as answer:
            return answer.status, await answer.json(content_type=None), answer.headers

    async def health(self) -> dict[str, Any]:
        status, document, _ = await self.call("GET", names.HEALTH_PATH)
        assert status == 200
        return dict(document)

    async def is_well(self) -> bool:
        return bool((await self.health())["status"] == "ok")

    async def is_degraded(self) -> bool:
        return not await self.is_well()

    async def write(self, name: str, *chain: str) -> int:
        body = {"name": name, "chain": chain or ["a/m"]}
        status, document, headers = await self.call("POST", names.PIPELINES_PATH, body)
        if status == 503:
            assert headers["content-type"] == names.PROBLEM_TYPE
            assert int(headers["retry-after"]) > 0
            assert self.store in document["error"]
        return status

    async def until_answers(self, pipeline: str, status: int = 200) -> None:
        """Returns when requests get `status`: a change is in force, which a busy gateway has not taken in at once."""

        async def answers() -> bool:
            async with self.mesh.session.post(self.mesh.serve_url(pipeline), json=[]) as answer:
                return answer.status == status

        await until(answers, f"{pipeline} answers {status}")

    async def named(self, path: str, key: str, url: str = "") -> list[str]:
        status, found, _ = await self.call("GET", path, url=url)
        assert status == 200, found
        return [one[key] for one in found]

    def logged(self, words: str) -> int:
        return (self.mesh.folder / "manager.log").read_text().count(words)
