"""The file that tells Prometheus what to scrape follows the registry of a real manager."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mesh import Mesh, until

from catenary import names
from catenary.address import TcpAddress
from catenary.messages import Instance
from manager.targets import targets

A = Instance(id="a-1", service="serving-a", address="127.0.0.1:9001", metrics="127.0.0.1:9101")
SILENT = Instance(id="b-1", service="serving-b", address="127.0.0.1:9002")


def test_the_manager_and_each_instance_that_says_where_have_a_group() -> None:
    manager, a = targets(TcpAddress("127.0.0.1", 8080), [A, SILENT])
    assert manager == {"targets": ["127.0.0.1:8080"], "labels": {"job": "manager", "instance": "manager"}}
    assert a == {"targets": ["127.0.0.1:9101"], "labels": {"job": "serving-a", "instance": "a-1"}}
    assert targets(None, [SILENT]) == []


async def test_the_file_follows_instances_that_come_move_and_go(tmp_path: Path) -> None:
    file = tmp_path / "new" / "targets.json"
    async with Mesh(CATENARY_TARGETS_FILE=str(file)) as mesh:
        own = mesh.manager_url.removeprefix("http://")

        async def says(matching: Callable[[dict[str, str]], bool], what: str) -> None:
            async def reached() -> bool:
                if not file.exists():
                    return False
                groups: list[Any] = json.loads(file.read_text())
                return matching({group["labels"]["instance"]: group["targets"][0] for group in groups})

            await until(reached, f"the targets {what}")

        await says(lambda found: found == {"manager": own}, "are the manager")
        await mesh.register(A.model_dump(mode="json"))
        await says(lambda found: found == {"manager": own, "a-1": "127.0.0.1:9101"}, "hold what comes")
        await mesh.register(A.model_copy(update={"metrics": "127.0.0.1:9109"}).model_dump(mode="json"))
        await says(lambda found: found.get("a-1") == "127.0.0.1:9109", "follow what moves")
        async with mesh.session.get(mesh.manager_url + names.INSTANCES_PATH) as answer:
            assert [i["metrics"] for i in await answer.json()] == ["127.0.0.1:9109"]
        # Nobody renews it.
        await says(lambda found: found == {"manager": own}, "lose what goes")
        assert [path.name for path in file.parent.iterdir()] == [file.name]
