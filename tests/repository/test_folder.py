from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from repository.folder import ModelFolder, is_ignored, look_at, read_model
from repository.formats import FORMATS, Broken, Incomplete

SCIKIT = FORMATS["scikit"]
CUSTOM = FORMATS["custom"]


def read(folder: Path, known: ModelFolder | None = None) -> ModelFolder:
    form = FORMATS[folder.parent.name]
    look = look_at(folder, form)
    assert look is not None
    found = read_model(known or ModelFolder((folder.parent.name, folder.name)), folder, form, look)
    assert found is not None
    return found


def version(folder: Path) -> str:
    metadata = read(folder).metadata
    assert metadata is not None
    return metadata.version


def test_a_look_parts_the_models_files_from_those_beside_it(models):
    folder = models.scikit("iris")
    (folder / "README.md").write_text("iris")
    look = look_at(folder, SCIKIT)
    assert (set(look.own), set(look.beside)) == ({"metadata.json", "model.pkl"}, {"README.md"})


def test_hidden_files_caches_checksums_and_backups_are_not_seen(models):
    folder = models.custom("m")
    unseen = (".hidden", ".git/config", "__pycache__/model.pyc", "part.crc", "model.py~", "inner/.x", "inner/y~")
    models.write("custom/m", dict.fromkeys(unseen, b"x") | {"inner/seen": b"x"})
    assert set(look_at(folder, CUSTOM).own) == {"metadata.json", "model.py", "inner/seen"}


@pytest.mark.parametrize("name", [".x", "__pycache__", "a.crc", "a~"])
def test_ignored_names(name):
    assert is_ignored(name)


def test_what_is_no_folder_is_no_model(models):
    (models.root / "scikit").mkdir()
    (models.root / "scikit/file").write_text("x")
    assert look_at(models.root / "scikit/file", SCIKIT) is None
    assert look_at(models.root / "scikit/none", SCIKIT) is None
    assert look_at(models.root / "none/none", SCIKIT) is None


def test_metadata_name_every_file_of_the_model_with_its_size_and_digest(models):
    folder = models.scikit("iris", b"\x80\x04.")
    metadata = read(folder).metadata
    assert (metadata.name, metadata.runtime, metadata.inputs) == ("iris", "scikit", ("a", "b"))
    pickled = metadata.files[1]
    assert (pickled.path, pickled.size_bytes) == ("model.pkl", 3)
    assert pickled.sha256 == hashlib.sha256(b"\x80\x04.").hexdigest()
    assert [file.path for file in metadata.files] == ["metadata.json", "model.pkl"]


def test_the_version_is_that_of_the_contents_and_paths_of_the_models_files(models):
    first = models.custom("first")
    assert version(first) == version(models.custom("copy"))
    models.write("custom/first", {"README.md": b"words", "request.json": b"[]"})
    assert version(first) == version(models.custom("copy"))
    models.write("custom/first", {"words.txt": b"a"})
    with_words = version(first)
    assert with_words != version(models.custom("copy"))
    (first / "words.txt").rename(first / "other.txt")
    assert version(first) not in (with_words, version(models.custom("copy")))


def test_a_file_that_has_not_changed_is_not_read_again(models):
    folder = models.custom("m")
    known = read(folder)
    status = (folder / "model.py").stat()
    (folder / "model.py").write_bytes(b"def LOAD(path): ...\n")
    os.utime(folder / "model.py", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert read(folder, known).metadata == known.metadata
    (folder / "model.py").touch()
    assert read(folder, known).metadata != known.metadata


def test_files_that_change_while_they_are_read_make_no_model(models):
    folder = models.scikit("iris")
    look = look_at(folder, SCIKIT)
    (folder / "model.pkl").write_bytes(b"\x80 another .")
    assert read_model(ModelFolder(("scikit", "iris")), folder, SCIKIT, look) is None


def test_a_folder_whose_name_cannot_be_a_models_is_broken(models):
    with pytest.raises(Broken, match="the folder's name cannot be a model's: 1 to 128 letters"):
        read(models.scikit("a b"))


def test_a_link_within_the_folder_is_the_file_that_it_points_to(models):
    folder = models.custom("m")
    (folder / "link.txt").symlink_to("model.py")
    look = look_at(folder, CUSTOM)
    assert look.own["link.txt"] == look.own["model.py"]


@pytest.mark.parametrize(
    "target", ["/etc/hostname", "../../outside", "../../custom-other/secret", "/proc/self/environ"]
)
def test_a_link_out_of_the_folder_is_broken(models, target):
    models.write("custom-other", {"secret": b"x"})
    (models.root / "outside").write_text("x")
    folder = models.custom("m")
    (folder / "link").symlink_to(target)
    with pytest.raises(Broken, match="link is a symbolic link out of the model's folder"):
        look_at(folder, CUSTOM)


def test_a_folder_beside_whose_name_begins_alike_is_outside(models):
    models.custom("m-other")
    folder = models.custom("m")
    (folder / "link").symlink_to("../m-other/model.py")
    with pytest.raises(Broken, match="out of the model's folder"):
        look_at(folder, CUSTOM)


@pytest.mark.parametrize(
    ("target", "reason"), [("none", "link to nothing"), ("link", "link (is|cannot be)"), (".", "not a plain file")]
)
def test_a_link_that_is_no_file_is_broken(models, target, reason):
    folder = models.custom("m")
    (folder / "link").symlink_to(target)
    with pytest.raises(Broken, match=reason):
        look_at(folder, CUSTOM)


def test_a_model_folder_that_is_a_link_is_broken(models, tmp_path):
    models.custom("m").rename(tmp_path / "elsewhere")
    (models.root / "custom/m").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Broken, match="it is a symbolic link"):
        look_at(models.root / "custom/m", CUSTOM)


def test_a_runtimes_folder_that_is_a_link_makes_its_models_broken(models, tmp_path):
    models.custom("m")
    (models.root / "custom").rename(tmp_path / "elsewhere")
    (models.root / "custom").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Broken, match="it is a symbolic link"):
        look_at(models.root / "custom/m", CUSTOM)


def test_a_pipe_is_broken_and_not_opened(models):
    folder = models.custom("m")
    os.mkfifo(folder / "pipe")
    with pytest.raises(Broken, match="pipe is not a plain file"):
        look_at(folder, CUSTOM)


@pytest.mark.parametrize("name", [b"new\nline", b"tab\t", b"\xff\xfe", b"del\x7f"])
def test_a_file_whose_name_cannot_be_written_is_broken(models, name):
    folder = models.custom("m")
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text("x")
    with pytest.raises(Broken, match="control character, or bytes that are not UTF-8"):
        look_at(folder, CUSTOM)


def test_a_folder_of_too_many_files_is_broken(models, monkeypatch):
    monkeypatch.setattr("repository.folder.MODEL_FILES", 5)
    folder = models.write("custom/m", {f"f{n}": b"" for n in range(6)})
    with pytest.raises(Broken, match="more than 5 files"):
        look_at(folder, CUSTOM)


def test_a_file_that_cannot_be_read_makes_the_folder_incomplete(models):
    folder = models.scikit("iris")
    look = look_at(folder, SCIKIT)
    (folder / "metadata.json").unlink()
    with pytest.raises(Incomplete, match=r"metadata\.json cannot be read"):
        read_model(ModelFolder(("scikit", "iris")), folder, SCIKIT, look)
