from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from catenary.address import free_port
from catenary.client import Client
from catenary.errors import DeadlineExceeded, RequestError, ServingError, SetupError, Unavailable


class Answers(BaseHTTPRequestHandler):
    """Answers `/<status>/<body>`, or with the request's own body."""

    def do_GET(self) -> None:
        status, _, body = self.path.removeprefix("/").partition("/")
        self._answer(int(status), body.encode())

    def do_POST(self) -> None:
        self._answer(200, self.rfile.read(int(self.headers["content-length"])))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Method", self.command)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_message_goes_out_and_comes_back_as_json(url: str):
    assert Client(url).call("POST", "/", {"name": "\N{SNOWMAN}"}) == {"name": "\N{SNOWMAN}"}


def test_an_empty_answer_is_none(url: str):
    assert Client(url).call("GET", "/200/") is None


def test_the_names_of_headers_are_in_lower_case(url: str):
    assert Client(url).send("GET", "/200/").headers["x-method"] == "GET"


@pytest.mark.parametrize(
    ("status", "kind"), [(404, RequestError), (422, RequestError), (500, ServingError), (503, Unavailable)]
)
def test_a_problem_document_becomes_its_detail(url: str, status: int, kind: type[Exception]):
    with pytest.raises(kind) as caught:
        Client(url).call("GET", f'/{status}/{{"detail":"exactly-this"}}')
    assert str(caught.value) == "exactly-this"


@pytest.mark.parametrize("body", ["", "<html>", "[1]", '{"detail":1}'])
def test_an_error_without_a_problem_document_names_url_and_status(url: str, body: str):
    with pytest.raises(RequestError, match=f"{url}.* answered 404 Not Found"):
        Client(url).call("GET", f"/404/{body}")


def test_an_answer_that_is_not_json_is_not_from_catenary(url: str):
    with pytest.raises(SetupError, match=f"what answers at {url}/200/<html> is not Catenary"):
        Client(url).call("GET", "/200/<html>")


def test_a_prefix_of_the_url_stands_before_the_path(url: str):
    assert Client(f"{url}/200/").call("GET", "/1") == 1


def test_where_nothing_listens_the_sentence_says_how_to_start():
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(SetupError) as caught:
        Client(url).call("GET", "/")
    assert str(caught.value) == f"no stack answers at {url}: start it with `catenary up`"


def test_silence_is_over_after_the_timeout():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(DeadlineExceeded, match=f"GET {url}/health took longer than the 0.05 s"):
            Client(url, timeout_s=0.05).call("GET", "/health")


def test_what_does_not_speak_http_is_named():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(SetupError, match="does not speak HTTP"):
            Client(f"http://127.0.0.1:{server.getsockname()[1]}").call("GET", "/")
        thread.join()


@pytest.mark.parametrize("url", ["", "localhost:8080", "ftp://localhost", "http://", "http://host:port", "http://[::1"])
def test_what_is_not_a_url_is_refused(url: str):
    with pytest.raises(SetupError, match="is not a URL"):
        Client(url)


def test_a_host_that_does_not_exist_is_a_sentence():
    with pytest.raises(SetupError, match=r"http://nowhere\.invalid:1 cannot be reached"):
        Client("http://nowhere.invalid:1").call("GET", "/")
