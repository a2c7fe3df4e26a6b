"""The containers of docker-compose.yml, as a project of the tests' own at the compose file's own ports."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
ENVIRONMENT = os.environ | {"COMPOSE_PROJECT_NAME": "catenary-test"}
GATEWAY, MANAGER, CONSUL, ZIPKIN = (f"http://127.0.0.1:{port}" for port in (8083, 8080, 8500, 9411))
SECOND_GATEWAY = "http://127.0.0.1:8084"
REQUEST = CHECKOUT / "models" / "custom" / "pm_scikit" / "request.json"
PATIENCE_S = 60
COMMAND_S = 300


class Stack:
    """What a test does with the containers. All that it runs has to end well."""

    def __init__(self) -> None:
        self.figures: list[str] = []
        """What is to be reported."""

    def run(self, *words: str, **environment: str) -> str:
        """What a command prints to its standard output."""
        done = subprocess.run(
            words,
            cwd=CHECKOUT,
            env=ENVIRONMENT | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_S,
        )
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def docker(self, *words: str) -> str:
        return self.run("docker", *words)

    def compose(self, *words: str) -> str:
        return self.run("docker", "compose", *words)

    def up(self, *words: str, **environment: str) -> float:
        """Bring it up from images that are there, as `words` say; the seconds until all of it is healthy."""
        begun = time.monotonic()
        self.run("docker", "compose", "up", "--detach", "--no-build", "--wait", *words, **environment)
        return time.monotonic() - begun

    def down(self) -> None:
        self.compose("down", "--volumes", "--remove-orphans")

    def containers(self, service: str) -> list[str]:
        """The ids of the service's running containers."""
        return self.compose("ps", "--quiet", "--status", "running", service).split()

    def inspect(self, container: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = json.loads(self.docker("inspect", container))
        return found[0]

    def crash(self, container: str) -> None:
        """Kill the container's first process from the engine's side: a crash, where `docker kill` would be a stop."""
        said = self.inspect(container)
        root = ("--rm", "--pid=host", "--user=0", "--cap-add=KILL", "--network=none", "--entrypoint=sh")
        self.docker("run", *root, said["Image"], "-c", f"kill -9 {said['State']['Pid']}")

    def figure(self, name: str, value: object) -> None:
        self.figures.append(f"{name}: {value}")
