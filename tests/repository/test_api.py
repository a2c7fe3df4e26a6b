from __future__ import annotations

import asyncio
import hashlib
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catenary.messages import IndexEntry, Metadata


@pytest.fixture
async def iris(models, repository):
    folder = models.scikit("iris")
    (folder / "README.md").write_text("# iris")
    await repository.until("iris", "ready")
    return folder


async def test_health_counts_the_models_that_are_ready(models, repository, iris):
    models.custom("torn", b"def load(\n")
    await repository.until("torn", "broken")
    assert await repository.json("/health") == {"status": "ok", "models": 1}
    assert await repository.json("/health/live") == {"status": "ok", "models": 1}


async def test_the_index_is_a_list_of_entries(models, repository, iris):
    models.custom("torn", b"def load(\n")
    await repository.until("torn", "broken")
    torn, ready = (IndexEntry.model_validate(entry) for entry in await repository.json("/index"))
    assert (torn.runtime, torn.name, torn.state, torn.version) == ("custom", "torn", "broken", "")
    assert torn.reason.startswith("model.py, line 1")
    assert (ready.runtime, ready.name, ready.state, ready.reason) == ("scikit", "iris", "ready", "")
    assert ready.version


async def test_who_has_the_index_gets_304_and_no_body(repository, iris):
    async with repository.get("/index") as response:
        etag = response.headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        async with repository.get("/index", if_none_match=known) as response:
            assert (response.status, await response.read(), response.headers["etag"]) == (304, b"", etag)
    async with repository.get("/index", if_none_match='"other"') as response:
        assert response.status == 200


async def test_a_waiting_request_is_answered_by_the_change(models, repository, iris):
    etag = f'"{repository.index.etag}"'
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:

        async def wait() -> int:
            async with repository.get("/index?wait=60", if_none_match=etag) as response:
                return response.status

        waiting = tasks.create_task(wait())
        models.scikit("wine")
    assert waiting.result() == 200


async def test_a_waiting_request_is_answered_304_when_its_time_is_over(repository, iris):
    async with repository.get("/index?wait=0.05", if_none_match=f'"{repository.index.etag}"') as response:
        assert response.status == 304


async def test_a_waiting_request_does_not_keep_the_process_from_stopping(repository, iris):
    async def wait() -> int:
        async with repository.get("/index?wait=60", if_none_match=f'"{repository.index.etag}"') as response:
            return response.status

    waiting = asyncio.create_task(wait())
    await repository.json("/health")
    repository.index.close()
    async with asyncio.timeout(2):
        assert await waiting == 304


async def test_a_wait_that_is_none_is_422_and_named(repository):
    for wait in ("-1", "60.1", "nan", "inf", "soon", "", "1e999"):
        detail = f"wait: seconds from 0 to 60 are needed, not {wait!r}"
        assert await repository.error(f"/index?wait={wait}") == (422, detail)


async def test_metadata_have_hydro_servings_fields_and_the_files_with_their_digests(repository, iris):
    metadata = Metadata.model_validate(await repository.json("/metadata/iris"))
    assert (metadata.name, metadata.runtime) == ("iris", "scikit")
    assert (metadata.inputs, metadata.outputs) == (("a", "b"), ("prediction",))
    for file in metadata.files:
        content = (iris / file.path).read_bytes()
        assert (file.size_bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())


async def test_files_lists_every_file_in_order(models, repository):
    models.spark("pm", {"class": "feature.StringIndexerModel", "uid": "s", "params": {}})
    await repository.until("pm", "ready")
    assert await repository.json("/files/pm") == [
        "metadata/part-00000",
        "stages/0_s/data/part-00000.parquet",
        "stages/0_s/metadata/part-00000",
    ]


async def test_downloads_are_the_bytes_with_the_digest_as_etag(models, repository):
    names = {"inner/a b%20c+d?e#f.txt": b"odd", "ümlaut.txt": "ü".encode(), "empty": b"", "big": b"x" * 3_000_000}
    models.custom("pm")
    models.write("custom/pm", names)
    await repository.until("pm", "ready")
    for file in (await repository.json("/metadata/pm"))["files"]:
        async with repository.get(f"/download/pm/{quote(file['path'])}") as response:
            content = await response.read()
            assert response.status == 200
            assert response.headers["etag"] == f'"{file["sha256"]}"'
            assert response.headers["content-type"] == "application/octet-stream"
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert names.get(file["path"], content) == content


async def test_what_lies_beside_the_model_can_be_had_too(repository, iris):
    async with repository.get("/download/iris/README.md") as response:
        assert await response.read() == b"# iris"
        etag = response.headers["etag"]
    async with repository.get("/download/iris/README.md", if_none_match=etag) as response:
        assert response.status == 304


async def test_a_byte_range_is_answered_206_with_those_bytes(repository, iris):
    content = (iris / "model.pkl").read_bytes()
    size = len(content)
    wanted = {"0-0": (0, 1), "3-6": (3, 7), "5-": (5, size), "-4": (size - 4, size), "2-100000": (2, size)}
    for asked, (begin, end) in wanted.items():
        async with repository.get("/download/iris/model.pkl", range=f"bytes={asked}") as response:
            assert (response.status, await response.read()) == (206, content[begin:end])
            assert response.headers["content-range"] == f"bytes {begin}-{end - 1}/{size}"


async def test_a_range_that_cannot_be_met_is_answered_with_everything(repository, iris):
    for asked in ("bytes=100000-", "bytes=5-3", "bytes=0-1,4-5", "rows=1-2", "bytes=0-99999"):
        async with repository.get("/download/iris/model.pkl", range=asked) as response:
            assert (response.status, await response.read()) == (200, (iris / "model.pkl").read_bytes())


async def test_a_range_of_another_version_is_answered_with_everything(repository, iris):
    async with repository.get("/download/iris/model.pkl") as response:
        etag = response.headers["etag"]
    async with repository.get("/download/iris/model.pkl", range="bytes=1-", if_range=etag) as response:
        assert response.status == 206
    async with repository.get("/download/iris/model.pkl", range="bytes=1-", if_range='"old"') as response:
        assert response.status == 200


async def test_head_gives_the_headers_only(repository, iris):
    async with repository.session.head("http://repository/download/iris/model.pkl") as response:
        assert response.status == 200
        assert response.headers["content-length"] == str((iris / "model.pkl").stat().st_size)
        assert await response.read() == b""


async def test_a_compressed_file_beside_the_model_is_never_sent_in_its_place(models, repository):
    models.custom("pm")
    models.write("custom/pm", {"model.py.gz": b"something else"})
    await repository.until("pm", "ready")
    async with repository.get("/download/pm/model.py", accept_encoding="gzip") as response:
        assert await response.read() == b"def load(path): ...\n"


async def test_a_file_that_changed_since_it_was_found_is_not_sent(models, repository, iris):
    content = (iris / "model.pkl").read_bytes()
    (iris / "model.pkl").write_bytes(content)
    async with repository.get("/download/iris/model.pkl") as response:
        assert response.status == 503
        assert response.headers["retry-after"] == "1"
    await repository.until("iris", "incomplete")
    await repository.until("iris", "ready")
    async with repository.get("/download/iris/model.pkl") as response:
        assert await response.read() == content


async def test_a_file_that_became_a_link_since_it_was_found_is_not_sent(models, repository, iris, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    (iris / "README.md").unlink()
    (iris / "README.md").symlink_to(tmp_path / "secret")
    status, body = await repository.raw("/download/iris/README.md")
    assert status in (404, 503)
    assert b"secret" not in body


async def test_an_unknown_model_is_404_and_names_what_is_near(repository, iris):
    for path in ("/metadata/irsi", "/files/irsi", "/download/irsi/model.pkl"):
        assert await repository.error(path) == (404, "there is no model 'irsi'; did you mean 'iris'?")


async def test_an_unknown_file_is_404_and_names_what_is_near(repository, iris):
    detail = "there is no file 'model.pk'; did you mean 'model.pkl'?"
    assert await repository.error("/download/iris/model.pk") == (404, detail)


async def test_a_broken_model_is_404_and_says_why(models, repository):
    models.custom("torn", b"def load(\n")
    entry = await repository.until("torn", "broken")
    detail = f"there is no model 'torn': custom/torn is broken: {entry['reason']}"
    for path in ("/metadata/torn", "/files/torn", "/download/torn/model.py"):
        assert await repository.error(path) == (404, detail)


async def test_an_incomplete_model_is_503(models, repository):
    models.write("scikit/half", {"metadata.json": b'{"inputs": [], "outputs": []}'})
    await repository.until("half", "incomplete", "missing")
    status, detail = await repository.error("/download/half/metadata.json")
    assert (status, detail) == (503, "model 'half' is incomplete: model.pkl (or model.skops) is missing")


async def test_every_answer_is_open_to_every_origin(repository, iris):
    for path in ("/index", "/health", "/metadata/iris", "/download/iris/model.pkl", "/metadata/none", "/none"):
        async with repository.get(path, origin="http://console") as response:
            assert response.headers["access-control-allow-origin"] == "*"


async def test_nothing_can_be_written(repository, iris):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        async with repository.session.request(method, "http://repository/metadata/iris", data=b"{}") as response:
            assert (response.status, response.headers["allow"]) == (405, "GET, HEAD")


OUTSIDE = (
    "../wine/metadata.json",
    "..%2fwine%2fmetadata.json",
    "%2e%2e/wine/metadata.json",
    "./model.pkl",
    "inner/../model.pkl",
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "..\\..\\secret",
    "model.pkl%00",
    "%00",
    "model.pkl%0a",
    "model.pkl/",
    "%252e%252e/secret",
    "../" * 20 + "etc/passwd",
    "a" * 255,
    "a" * 4000,
    "%ff%fe",
    "../../../secret",
    "..;/secret",
)


async def test_no_path_leads_out_of_the_folder(models, repository, iris):
    models.scikit("wine")
    (models.root / "secret").write_text("secret")
    await repository.until("wine", "ready")
    for path in OUTSIDE:
        status, body = await repository.raw(f"/download/iris/{path}")
        assert (status, b"there is no" in body) == (404, True), path


pieces = st.sampled_from(["..", ".", "/", "%2e", "%2F", "%5c", "\\", "%00", "%0a", "model.pkl", "inner", "secret", "~"])
paths = st.lists(pieces | st.text(min_size=1, max_size=4).map(lambda text: quote(text, safe="")), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(paths.map("".join))
async def test_whatever_the_path_only_listed_files_are_sent(models, repository, iris, path):
    (models.root / "secret").write_text("secret")
    status, body = await repository.raw(f"/download/iris/{path}")
    if status == 200:
        assert body in {file.read_bytes() for file in iris.iterdir()}
    else:
        assert status == 404
