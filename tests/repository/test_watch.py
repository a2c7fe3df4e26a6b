from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from repository import watch
from repository.index import Index
from repository.watch import watching


async def test_models_that_are_there_at_the_start_are_in_the_index_before_they_are_read(models):
    models.scikit("iris")
    models.custom("pm")
    index = Index()
    async with watching(models.root, index):
        assert [(e.runtime, e.name, e.state) for e in index.entries] == [
            ("custom", "pm", "incomplete"),
            ("scikit", "iris", "incomplete"),
        ]
        async with asyncio.timeout(5):
            while index.n_ready < 2:
                await index.changed_from({index.etag}, 5)


async def test_a_folder_that_is_dropped_in_is_ready_within_a_second(models, repository, tmp_path):
    models.scikit("iris").rename(tmp_path / "iris")
    await repository.until("iris", None)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await asyncio.to_thread(shutil.copytree, tmp_path / "iris", models.root / "scikit/dropped")
    await repository.until("dropped", "ready")
    assert loop.time() - begun < 1.0


async def test_a_folder_that_is_moved_in_is_ready(models, repository, tmp_path):
    models.scikit("iris").rename(tmp_path / "iris")
    await repository.until("iris", None)
    (tmp_path / "iris").rename(models.root / "scikit/moved")
    await repository.until("moved", "ready")


async def test_a_runtimes_folder_that_appears_with_its_models_is_noticed(models, repository, tmp_path):
    models.spark("a")
    (models.root / "spark").rename(tmp_path / "spark")
    await repository.until("a", None)
    (tmp_path / "spark").rename(models.root / "spark")
    await repository.until("a", "ready")


@pytest.fixture
def no_sweeps(monkeypatch):
    monkeypatch.setattr(watch, "SWEEP_S", 1000)


@contextlib.asynccontextmanager
async def recorded(repository) -> AsyncIterator[list[tuple[str, str]]]:
    """The states and reasons that whoever follows the index comes to see inside the block."""
    seen: list[tuple[str, str]] = []

    async def record() -> None:
        etag = ""
        while True:
            async with repository.get("/index?wait=10", if_none_match=etag) as response:
                etag = response.headers["etag"]
                if response.status == 200:
                    seen.extend((entry["state"], entry["reason"]) for entry in await response.json())

    recording = asyncio.create_task(record())
    yield seen
    recording.cancel()


async def test_a_model_is_not_ready_while_its_files_grow(models, repository):
    async with recorded(repository) as seen:
        folder = models.custom("slow")
        with (folder / "weights").open("ab") as file:
            for _ in range(12):
                file.write(b"x")
                file.flush()
                # The pace of the copy: it never rests for as long as a folder takes to settle.
                await asyncio.sleep(watch.SETTLE_S / 3)
        assert "ready" not in {state for state, _ in seen}
        await repository.until("slow", "ready")
        assert ("incomplete", "files are still changing") in seen
    assert (await repository.json("/metadata/slow"))["files"][-1]["size_bytes"] == 12


async def test_half_a_model_is_not_ready_however_long_its_copy_rests(models, repository):
    async with recorded(repository) as seen:
        folder = models.scikit("half", b"\x80\x04 half of it")
        await repository.until("half", "incomplete", "model.pkl is cut short")
        await repository.until("half", "broken", "model.pkl is cut short")
        assert "ready" not in {state for state, _ in seen}
        with (folder / "model.pkl").open("ab") as file:
            file.write(b" and the rest.")
        await repository.until("half", "ready")


async def test_what_is_missing_is_incomplete_at_first_and_broken_when_it_does_not_come(models, repository):
    folder = models.scikit("half")
    content = (folder / "model.pkl").read_bytes()
    (folder / "model.pkl").unlink()
    await repository.until("half", "incomplete", "model.pkl (or model.skops) is missing")
    await repository.until("half", "broken", "model.pkl (or model.skops) is missing")
    (folder / "model.pkl").write_bytes(content)
    await repository.until("half", "ready")


async def test_a_changed_model_gets_a_new_version_once_it_has_settled(models, repository):
    models.custom("pm")
    before = await repository.until("pm", "ready")
    models.custom("pm", b"def load(path): return 2\n")
    await repository.until("pm", "incomplete", "files are still changing")
    after = await repository.until("pm", "ready")
    assert after["version"] != before["version"]


async def test_a_model_that_is_only_touched_keeps_its_version(models, repository):
    folder = models.custom("pm")
    before = await repository.until("pm", "ready")
    (folder / "model.py").touch()
    await repository.until("pm", "incomplete")
    assert await repository.until("pm", "ready") == before


async def test_a_readme_can_change_without_a_word_in_the_index(models, repository):
    folder = models.scikit("iris")
    iris = await repository.until("iris", "ready")
    (folder / "README.md").write_text("# iris")
    models.scikit("later")

    def later_is_ready(entries: list[dict[str, str]]) -> dict[str, str] | None:
        assert iris in entries
        return next((entry for entry in entries if entry["name"] == "later" and entry["state"] == "ready"), None)

    await repository.follow(later_is_ready)
    assert await repository.json("/files/iris") == ["README.md", "metadata.json", "model.pkl"]
    assert [file["path"] for file in (await repository.json("/metadata/iris"))["files"]] == [
        "metadata.json",
        "model.pkl",
    ]


async def test_a_changed_model_that_is_wrong_is_broken_with_the_reason_until_it_is_mended(models, repository):
    models.custom("pm")
    before = await repository.until("pm", "ready")
    models.custom("pm", b"def load(\n")
    await repository.until("pm", "broken", "model.py, line 1")
    models.custom("pm")
    assert await repository.until("pm", "ready") == before


async def test_a_broken_file_that_is_put_back_as_it_was_is_broken_still(models, repository):
    folder = models.custom("pm", b"def load(\n")
    status = (folder / "model.py").stat()
    await repository.until("pm", "broken")
    (folder / "model.py").write_bytes(b"def LOAD(\n")
    await repository.until("pm", "incomplete")
    (folder / "model.py").write_bytes(b"def load(\n")
    os.utime(folder / "model.py", ns=(status.st_atime_ns, status.st_mtime_ns))
    await repository.until("pm", "broken", "model.py, line 1")


async def test_a_deleted_model_is_gone(models, repository):
    folder = models.spark("pm")
    await repository.until("pm", "ready")
    await asyncio.to_thread(shutil.rmtree, folder)
    await repository.until("pm", None)
    assert (await repository.error("/metadata/pm"))[0] == 404


async def test_models_of_an_unknown_runtime_are_broken_and_the_reason_lists_the_known(models, repository):
    models.write("tensorflow/net", {"weights": b"x"})
    entry = await repository.until("net", "broken", "unknown runtime 'tensorflow'; known: custom, scikit, spark")
    assert entry["runtime"] == "tensorflow"


async def test_a_link_that_leads_out_is_broken_and_can_be_mended(models, repository, tmp_path):
    (tmp_path / "secret").write_text("secret")
    folder = models.custom("pm")
    await repository.until("pm", "ready")
    (folder / "link").symlink_to(tmp_path / "secret")
    await repository.until("pm", "broken", "link is a symbolic link out of the model's folder")
    (folder / "link").unlink()
    await repository.until("pm", "ready")


async def test_two_models_of_one_name_are_told_apart(models, repository):
    models.scikit("iris")
    await repository.until("iris", "ready")
    models.custom("iris")
    await repository.until("iris", "ready", runtime="custom")
    await repository.until("iris", "broken", "the name is taken by custom/iris", runtime="scikit")
    assert (await repository.json("/metadata/iris"))["runtime"] == "custom"
    await asyncio.to_thread(shutil.rmtree, models.root / "custom/iris")
    await repository.until("iris", "ready", runtime="scikit")


async def test_files_outside_a_models_folder_are_no_models(models, repository):
    models.write("", {"README.md": b"x"})
    models.write("scikit", {"notes.txt": b"x"})
    models.write(".git/scikit", {"x": b"x"})
    models.write("scikit/.tmp", {"metadata.json": b"{}"})
    models.scikit("last")
    await repository.until("last", "ready")
    assert [entry.name for entry in repository.index.entries] == ["last"]


async def test_a_sweep_finds_what_the_file_system_did_not_tell(models, monkeypatch):
    monkeypatch.setattr(watch, "SWEEP_S", 0.1)
    monkeypatch.setattr(watch._Watch, "_concerns_a_model", lambda *_: False)
    index = Index()
    async with watching(models.root, index), asyncio.timeout(10):
        folder = models.custom("pm")
        while index.n_ready < 1:
            await index.changed_from({index.etag}, 5)
        await asyncio.to_thread(shutil.rmtree, folder)
        while index.entries:
            await index.changed_from({index.etag}, 5)


async def test_where_nothing_can_be_watched_the_folder_is_polled(models, no_sweeps, monkeypatch, caplog):
    real = watch.awatch
    polling = asyncio.Event()

    def refuse_to_watch(*paths: Path, force_polling: bool | None, **options: object):
        if not force_polling:
            raise OSError("OS file watch limit reached")
        polling.set()
        return real(*paths, force_polling=True, **options)

    monkeypatch.setattr(watch, "awatch", refuse_to_watch)
    index = Index()
    async with watching(models.root, index), asyncio.timeout(10):
        await polling.wait()
        models.custom("pm")
        while index.n_ready < 1:
            await index.changed_from({index.etag}, 5)
    assert "cannot be watched (OS file watch limit reached); it is polled instead" in caplog.text


async def test_models_stay_known_while_their_folder_is_away_and_are_read_when_it_is_back(models, no_sweeps, repository):
    models.custom("pm")
    models.custom("old")
    await repository.until("old", "ready")
    await repository.until("pm", "ready")
    away = models.root.with_name("away")
    models.root.rename(away)
    assert (await repository.error("/download/pm/model.py"))[0] == 503
    shutil.copytree(away, models.root)
    shutil.rmtree(models.root / "custom/old")
    models.custom("new")
    await repository.until("new", "ready")
    await repository.until("old", None)
    await repository.until("pm", "ready")
    models.custom("newer")
    await repository.until("newer", "ready")


async def test_a_model_that_was_changing_when_the_folder_of_models_went_away_is_not_given_up(models, repository):
    folder = models.custom("pm")
    before = await repository.until("pm", "ready")
    (folder / "model.py").touch()
    await repository.until("pm", "incomplete")
    away = models.root.rename(models.root.with_name("away"))
    # Time enough for the look that finds no folder.
    await asyncio.sleep(2 * watch.SETTLE_S)
    assert [entry.name for entry in repository.index.entries] == ["pm"]
    away.rename(models.root)
    assert await repository.until("pm", "ready") == before


async def test_a_fault_of_the_repository_breaks_one_model_and_is_logged(models, monkeypatch, caplog):
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(watch, "read_model", fail)
    index = Index()
    models.custom("pm")
    async with watching(models.root, index), asyncio.timeout(5):
        while not index.entries or index.entries[0].state != "broken":
            await index.changed_from({index.etag}, 5)
    assert index.entries[0].reason == "the repository failed on it; its log holds the cause"
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR]


async def test_the_watch_ends_at_once_while_models_are_being_read(models):
    for n in range(20):
        models.custom(f"m{n}")
    async with asyncio.timeout(1):
        async with watching(models.root, Index()):
            pass
    assert len(asyncio.all_tasks()) == 1
