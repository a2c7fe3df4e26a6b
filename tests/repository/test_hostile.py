"""Folders made to harm: refused with a reason or served right, never a way out of the folder, never a wait."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket as sockets
import stat
import threading
import unicodedata
from pathlib import Path
from urllib.parse import quote

import pytest

from catenary.names import NAME_RULE
from repository.folder import MODEL_BYTES, ModelFolder, look_at, read_model
from repository.formats import FORMATS, Broken
from repository.formats.custom import CODE_BYTES
from repository.found import Changed, Stamp, open_found

CUSTOM = FORMATS["custom"]
SECRET = b"the secret"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_bytes(SECRET)
    (folder / "metadata.json").write_bytes(b'{"inputs": ["the secret"], "outputs": []}')
    return folder


def found(file: Path) -> Stamp:
    return Stamp.of(file.stat())


# Links ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["file", "folder", "chain", "inner", "dotted"])
async def test_no_link_leads_out(models, repository, outside, kind):
    folder = models.custom("m")
    match kind:
        case "file":
            (folder / "link").symlink_to(outside / "secret")
        case "folder":
            (folder / "link").symlink_to(outside)
        case "chain":
            (folder / "second").symlink_to(outside / "secret")
            (folder / "link").symlink_to("second")
        case "inner":
            (folder / "inner").mkdir()
            (folder / "inner/link").symlink_to("../../../../outside/secret")
        case "dotted":
            (folder / "inner").mkdir()
            (folder / "link").symlink_to("inner/../../m/../../../outside/secret")
    entry = await repository.until("m", "broken", "symbolic link out of the model's folder")
    for path in ("link", "link/secret", "inner/link", "model.py"):
        status, body = await repository.raw(f"/download/m/{path}")
        assert (status, SECRET in body) == (404, False), entry


async def test_a_folder_that_is_linked_to_within_the_model_is_no_plain_file(models, repository):
    folder = models.custom("m")
    (folder / "inner").mkdir()
    (folder / "link").symlink_to("inner")
    await repository.until("m", "broken", "link is not a plain file")


async def test_a_link_within_the_folder_is_served(models, repository):
    folder = models.custom("m")
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to(folder / "model.py")
    await repository.until("m", "ready")
    async with repository.get("/download/m/a") as response:
        assert await response.read() == (folder / "model.py").read_bytes()


# Between the look and the reading -------------------------------------------------------------------------------------


def _link(file: Path, outside: Path) -> None:
    file.unlink()
    file.symlink_to(outside / file.name)


def _link_of_the_same_looks(file: Path, outside: Path) -> None:
    """As large and as old as what was found."""
    status = file.stat()
    (outside / file.name).write_bytes(b"x" * status.st_size)
    os.utime(outside / file.name, ns=(status.st_atime_ns, status.st_mtime_ns))
    _link(file, outside)


def _pipe(file: Path, outside: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _folder_of_links(file: Path, outside: Path) -> None:
    file.parent.rename(file.parent.with_name("moved"))
    file.parent.symlink_to(outside)


def _folder_to_what_was_found(file: Path, outside: Path) -> None:
    """The very file that was found, but no longer in the folder."""
    file.parent.rename(outside / "taken")
    file.parent.symlink_to(outside / "taken")


def _other(file: Path, outside: Path) -> None:
    file.with_name("new").write_bytes(file.read_bytes())
    file.with_name("new").rename(file)


def _longer(file: Path, outside: Path) -> None:
    with file.open("ab") as content:
        content.write(b"x")


SWAPS = [_link, _link_of_the_same_looks, _pipe, _folder_of_links, _folder_to_what_was_found, _other, _longer]


@pytest.mark.parametrize("swap", SWAPS)
@pytest.mark.parametrize("place", ["secret", "inner/secret"])
def test_what_is_put_in_the_place_of_a_file_is_not_opened(models, outside, swap, place):
    folder = models.write("custom/m", {place: b"harmless"})
    stamp = found(folder / place)
    swap(folder / place, outside)
    with pytest.raises(OSError, match=r"changing|leads out|Too many levels"):
        open_found(folder, place, stamp)


@pytest.mark.parametrize("swap", [_link, _pipe, _other])
def test_a_swap_while_a_model_is_read_makes_no_model(models, outside, swap):
    folder = models.custom("m")
    look = look_at(folder, CUSTOM)
    swap(folder / "metadata.json", outside)
    assert read_model(ModelFolder(("custom", "m")), folder, CUSTOM, look) is None


def test_a_file_that_is_what_was_found_is_opened(models):
    folder = models.write("custom/m", {"inner/file": b"content"})
    (folder / "link").symlink_to("inner/file")
    for path in ("inner/file", "link"):
        with open_found(folder, path, found(folder / path)) as file:
            assert file.read() == b"content"


def test_links_in_a_circle_are_not_followed_for_ever(models):
    folder = models.write("custom/m", {"file": b"x"})
    stamp = found(folder / "file")
    (folder / "file").unlink()
    (folder / "file").symlink_to("file")
    with pytest.raises(OSError, match="Too many levels"):
        open_found(folder, "file", stamp)


def test_a_link_that_swings_while_the_folder_is_looked_at_never_shows_what_is_outside(models, outside):
    """Some looks fall between two swings; what they find, `open_found` opens as it is in the folder, or not at all."""
    folder = models.write("custom/m", {"inner/secret": b"harmless"})
    over = threading.Event()

    def swing() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                (folder / "inner").rename(folder / ".inner")
                (folder / "inner").symlink_to(outside)
                (folder / "inner").unlink()
                (folder / ".inner").rename(folder / "inner")

    swinging = threading.Thread(target=swing)
    swinging.start()
    seen: set[bytes] = set()
    try:
        for _ in range(1_000):
            with contextlib.suppress(Broken, OSError):
                for path, stamp in look_at(folder, CUSTOM).own.items():
                    with open_found(folder, path, stamp) as file:
                        seen.add(file.read())
    finally:
        over.set()
        swinging.join()
    assert seen <= {b"harmless"}


async def test_a_download_of_what_became_a_pipe_does_not_wait(models, repository):
    folder = models.custom("m")
    (folder / "README.md").write_bytes(b"words")
    await repository.until("m", "ready")
    (folder / "README.md").unlink()
    os.mkfifo(folder / "README.md")
    async with asyncio.timeout(5):
        status, _ = await repository.raw("/download/m/README.md")
    assert status in (404, 503)
    await repository.until("m", "broken", "README.md is not a plain file")


async def test_a_file_that_is_cut_while_it_is_sent_ends_the_answer_early(models, repository, caplog):
    folder = models.custom("m")
    with (folder / "large").open("wb") as file:
        file.truncate(64 << 20)
    await repository.until("m", "ready")
    reader, writer = await asyncio.open_unix_connection(str(repository.socket))
    writer.write(b"GET /download/m/large HTTP/1.1\r\nhost: x\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    os.truncate(folder / "large", 10)
    received = len(await reader.read())
    writer.close()
    await writer.wait_closed()
    assert received < 64 << 20
    assert "Traceback" not in caplog.text
    assert (await repository.json("/health"))["status"] == "ok"


# What is no file ------------------------------------------------------------------------------------------------------


async def test_pipes_sockets_and_devices_are_refused_and_not_opened(models, repository):
    folder = models.custom("pipe")
    os.mkfifo(folder / "special")
    folder = models.custom("socket")
    with sockets.socket(sockets.AF_UNIX) as listener:
        # Its whole path would be too long.
        before = Path.cwd()
        os.chdir(folder)
        try:
            listener.bind("special")
        finally:
            os.chdir(before)
    expected = ["pipe", "socket"]
    with contextlib.suppress(PermissionError):
        folder = models.custom("device")
        os.mknod(folder / "special", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        expected.append("device")
    for name in expected:
        await repository.until(name, "broken", "special is not a plain file")


async def test_a_file_that_may_not_be_read_is_refused_unless_all_may_be(models, repository):
    folder = models.custom("m")
    (folder / "model.py").chmod(0)
    if os.geteuid() == 0:
        await repository.until("m", "ready")
    else:
        await repository.until("m", "broken", "model.py cannot be read: Permission denied")


async def test_a_file_of_holes_is_not_read(models, repository):
    folder = models.custom("m")
    with (folder / "sparse").open("wb") as file:
        file.truncate(MODEL_BYTES)
    await repository.until("m", "broken", f"its files are larger than {MODEL_BYTES} bytes together")


async def test_endless_source_keeps_nobody_waiting(models, repository):
    models.custom("m", b"a=1\n" * (CODE_BYTES // 4 + 1))
    await repository.until("m", "broken", f"model.py is larger than {CODE_BYTES} bytes")


async def test_very_many_columns_keep_nobody_waiting(models, repository):
    columns = ",".join(f'"{n:x}"' for n in range(100_000)).encode()
    folder = models.custom("m")
    (folder / "metadata.json").write_bytes(b'{"outputs": [], "inputs": [' + columns + b"]}")
    await repository.until("m", "ready")


# Names ----------------------------------------------------------------------------------------------------------------

ODD = [
    *(
        "-rf",
        "--help",
        "a\\b",
        "a\\..\\x",
        "c:x",
        "~root",
        "%2e%2e",
        "%2F",
        "a?b",
        "a#b",
        "a;b",
        "$(x)",
        "'\"",
        "*",
        "a b",
        "con",
    ),
    *(
        "\u00fc",
        unicodedata.normalize("NFD", "\u00fc"),
        "\u202egnp.exe",
        "\u2028",
        "\U0001f600",
        "x" * 255,
        "\u20ac" * 85,
        "a" * 250 + ".crcx",
    ),
    *("case", "CASE", "Case"),
]


async def test_odd_names_of_files_are_served_each_as_its_own(models, repository):
    models.custom("m")
    content = {name: name.encode() for name in ODD} | {f"inner/{name}/x": name.encode() for name in ODD}
    models.write("custom/m", content)
    await repository.until("m", "ready")
    assert set(await repository.json("/files/m")) == {*content, "metadata.json", "model.py"}
    for path, expected in content.items():
        async with repository.get(f"/download/m/{quote(path)}") as response:
            assert (response.status, await response.read()) == (200, expected), path


async def test_a_path_that_is_as_long_as_paths_may_be_can_be_had(models, repository):
    folder = models.custom("m")
    path = "/".join(["\u20ac" * 85] * 13)
    models.write("custom/m", {path + "/x": b"deep"})
    await repository.until("m", "ready")
    async with repository.get(f"/download/m/{quote(path)}/x") as response:
        assert (response.status, await response.read()) == (200, b"deep"), folder


NAMES = [
    "a b",
    "-rf",
    "\u00fc",
    "x" * 129,
    "x" * 255,
    "a\\b",
    "a%2fb",
    "a..b",
    "a.",
    "\u20ac" * 85,
    "a\nb",
    "a\tb",
    "a\x7fb",
    "a?b",
    "~x",
]


@pytest.mark.parametrize("name", [*(os.fsencode(name) for name in NAMES), b"\xff\xfe", b"a\xc3"])
async def test_a_folder_whose_name_is_none_is_refused_by_its_name(models, repository, name):
    models.custom("good")
    place = models.custom("m").rename(Path(os.fsdecode(os.fsencode(models.root / "custom") + b"/" + name)))
    await repository.until(name.decode(errors="backslashreplace"), "broken", NAME_RULE)
    await repository.until("good", "ready")
    status, body = await repository.raw(f"/download/{quote(name)}/model.py")
    assert (status, (place / "model.py").read_bytes() in body) == (404, False)


@pytest.mark.parametrize("name", [b"\xff", b"inner/\xff/x", b"new\nline"])
async def test_a_file_whose_name_is_no_text_ends_nothing(models, repository, name):
    folder = models.custom("m")
    await repository.until("m", "ready")
    file = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x")
    await repository.until("m", "broken", "a control character, or bytes that are not UTF-8, in its name")
    models.custom("later")
    await repository.until("later", "ready")


async def test_names_that_differ_in_case_alone_are_two_models(models, repository):
    models.custom("case", b"a = 1\n")
    models.custom("CASE", b"a = 2\n")
    for name, code in (("case", b"a = 1\n"), ("CASE", b"a = 2\n")):
        await repository.until(name, "ready")
        async with repository.get(f"/download/{name}/model.py") as response:
            assert await response.read() == code


def test_what_was_found_on_another_device_is_another_file(models):
    folder = models.write("custom/m", {"file": b"x"})
    stamp = found(folder / "file")
    with pytest.raises(Changed):
        open_found(folder, "file", Stamp(stamp.size_bytes, stamp.mtime_ns, stamp.inode, stamp.device + 1))
