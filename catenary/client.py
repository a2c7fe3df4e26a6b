"""A small blocking client of Catenary's HTTP APIs, for the command line and the local launcher.

Translates what can go wrong on the way into sentences: nothing answers, it took too long, a problem document. Keeps no
connection, follows no redirect and uses no proxy: what it talks to is nearly always this machine.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from catenary import names
from catenary.errors import CatenaryError, DeadlineExceeded, RequestError, ServingError, SetupError, Unavailable


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the names of `headers` are in lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; SetupError where it is none, so that something else than Catenary answers there."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise SetupError(f"what answers at {self.url} is not Catenary: its answer is not JSON") from error

    def error(self) -> CatenaryError | None:
        """The error that this answer is, with the problem document's `detail` as its sentence; None under 400."""
        if self.status < 400:
            return None
        kind = RequestError if self.status < 500 else Unavailable if self.status == 503 else ServingError
        return kind(self._detail() or f"{self.url} answered {self.status} {http.client.responses.get(self.status, '')}")

    def _detail(self) -> str | None:
        try:
            document = json.loads(self.body)
        except ValueError:
            return None
        detail = document.get("detail") if isinstance(document, dict) else None
        return detail if isinstance(detail, str) else None


class Client:
    """The API at `url`; a call takes at most `timeout_s` seconds of silence. May be used by many threads at once."""

    def __init__(self, url: str, timeout_s: float = 10.0) -> None:
        """SetupError if `url` is not an http or https URL."""
        self.url = url.rstrip("/")
        self.timeout_s = timeout_s
        try:
            parts = urlsplit(self.url)
            self._host, self._port = parts.hostname, parts.port
        except ValueError as error:
            raise SetupError(f"{url!r} is not a URL: {error}") from error
        if parts.scheme not in ("http", "https") or not self._host:
            raise SetupError(f"{url!r} is not a URL such as http://localhost:{names.MANAGER_PORT}")
        self._connection = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._prefix = parts.path

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Any answer, of whatever status; SetupError if nothing answers, DeadlineExceeded if it is not in time."""
        connection = self._connection(self._host or "", self._port, timeout=self.timeout_s)
        try:
            connection.request(method, self._prefix + path, body, {"accept": names.JSON_TYPE, **(headers or {})})
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Answer(self.url + path, response.status, fields, response.read())
        except TimeoutError as error:
            raise DeadlineExceeded(f"{method} {self.url}{path}", self.timeout_s) from error
        except ConnectionRefusedError as error:
            raise SetupError(f"no stack answers at {self.url}: start it with `catenary up`") from error
        except http.client.HTTPException as error:
            raise SetupError(f"what answers at {self.url} does not speak HTTP: {error!r}") from error
        except OSError as error:
            raise SetupError(f"{self.url} cannot be reached: {error.strerror or error}") from error
        finally:
            connection.close()

    def call(self, method: str, path: str, message: object = None) -> Any:
        """The answer's JSON (None if it is empty); an answer of 400 or more raises what `Answer.error` says."""
        body = None if message is None else json.dumps(message).encode()
        answer = self.send(method, path, body, {"content-type": names.JSON_TYPE} if body else None)
        if error := answer.error():
            raise error
        return answer.json() if answer.body else None
