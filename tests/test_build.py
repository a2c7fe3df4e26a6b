"""What `./build.sh` asks of docker, which is a stub here, and what it refuses before it asks anything."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from catenary import __version__

CHECKOUT = Path(__file__).resolve().parents[1]
IMAGES = ["base", "gateway", "manager", "repository", "scikit", "custom-scikit", "localml-spark"]

# Writes its arguments to `asked`, one call a line, and what the secrets hold to `secrets`.
DOCKER = """
case "$*" in
*Server.Version*) [ -z "$NO_ENGINE" ] || { echo 'Cannot connect to the Docker daemon' >&2; exit 1; }; echo 20.10.24 ;;
*Client.Version*) echo "${CLIENT:-28.2.2}" ;;
'buildx version') [ -z "$NO_BUILDX" ] ;;
*)
    echo "$*" >>"$STUB/asked"
    for word; do
        case $word in id=*,src=*) echo "${word%%,*}" >>"$STUB/secrets"; cat "${word#*,src=}" >>"$STUB/secrets" ;; esac
    done
    [ -z "$FAIL" ] ;;
esac
"""


class Stub:
    """A docker of the test's own, first on the PATH."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bin = folder / "bin"
        self._bin.mkdir()
        for tool in ("bash", "cat", "dirname", "mktemp", "realpath", "rm", "sed"):
            (self._bin / tool).symlink_to(shutil.which(tool) or tool)
        docker = self._bin / "docker"
        docker.write_text(f"#!/usr/bin/env bash\n{DOCKER}")
        docker.chmod(0o755)
        (self._folder / "tmp").mkdir()

    def remove_docker(self) -> None:
        (self._bin / "docker").unlink()

    def build(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        own = {"PATH": str(self._bin), "STUB": str(self._folder), "TMPDIR": str(self._folder / "tmp")}
        return subprocess.run(
            [CHECKOUT / "build.sh", *words],
            cwd=self._folder,
            env=own | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def asked(self) -> list[str]:
        """Docker's arguments, call by call."""
        file = self._folder / "asked"
        return file.read_text().splitlines() if file.exists() else []

    def secrets(self) -> str:
        return (self._folder / "secrets").read_text()

    def left_behind(self) -> list[Path]:
        return list((self._folder / "tmp").iterdir())


@pytest.fixture
def stub(tmp_path: Path) -> Stub:
    return Stub(tmp_path)


def test_its_help_names_every_image_that_the_dockerfile_makes(stub: Stub) -> None:
    result = stub.build("--help")
    assert result.returncode == 0
    assert re.findall(r"^  ([a-z][a-z-]*)  +\S", result.stdout, re.MULTILINE) == IMAGES
    dockerfile = (CHECKOUT / "envoy" / "Dockerfile").read_text()
    stages = re.findall(r"^FROM \S+ AS (\S+)$", dockerfile, re.MULTILINE)
    assert [stage for stage in stages if stage not in ("tools", "code", "trimmed", "envoy")] == IMAGES
    assert stub.asked() == []


def test_it_builds_every_image_under_its_version_and_as_latest(stub: Stub) -> None:
    result = stub.build()
    assert result.returncode == 0, result.stderr
    for image, call in zip(IMAGES, stub.asked(), strict=True):
        assert call.startswith(
            f"build --file envoy/Dockerfile --target {image}"
            f" --tag catenary/{image}:{__version__} --tag catenary/{image}:latest"
        )
        assert call.endswith(" .")


def test_it_builds_the_images_that_are_named_under_the_names_that_are_asked_for(stub: Stub) -> None:
    result = stub.build("--registry", "registry.example.com/team", "--version", "2.0", "manager", "gateway")
    assert result.returncode == 0, result.stderr
    tags = [re.findall(r"--tag (\S+)", call) for call in stub.asked()]
    prefix = "registry.example.com/team/catenary"
    assert tags == [[f"{prefix}/{image}:2.0", f"{prefix}/{image}:latest"] for image in ("manager", "gateway")]


def test_the_environment_says_registry_and_version_as_it_does_for_compose(stub: Stub) -> None:
    stub.build("base", CATENARY_REGISTRY="registry.example.com/", CATENARY_VERSION="3.1")
    assert "--tag registry.example.com/catenary/base:3.1 " in stub.asked()[0]


def test_it_pushes_when_all_are_built(stub: Stub) -> None:
    stub.build("--push", "base", "gateway")
    assert [call.split()[0] for call in stub.asked()] == ["build", "build", "push", "push", "push", "push"]
    assert stub.asked()[2:] == [
        f"push catenary/{image}:{tag}" for image in ("base", "gateway") for tag in (__version__, "latest")
    ]


def test_nothing_is_pushed_and_nothing_left_behind_where_a_build_fails(stub: Stub) -> None:
    result = stub.build("--push", FAIL="yes")
    assert result.returncode != 0
    assert len(stub.asked()) == 1
    assert stub.left_behind() == []


def test_proxies_and_package_indexes_are_passed_on_without_a_word_of_them_in_an_argument(stub: Stub) -> None:
    environment = {
        "http_proxy": "http://me:secret@proxy:3128",
        "HTTPS_PROXY": "http://me:secret@proxy:3128",
        "PIP_INDEX_URL": "https://me:secret@index.example.com/simple",
        "PIP_EXTRA_INDEX_URL": "https://other.example.com/simple",
    }
    result = stub.build("base", **environment)
    assert result.returncode == 0, result.stderr
    (call,) = stub.asked()
    assert "secret@" not in call
    assert re.findall(r"--build-arg (\w+)(?= )", call) == ["http_proxy", "HTTPS_PROXY"]
    assert stub.secrets() == (
        "id=pip.conf\n[global]\nindex-url = https://me:secret@index.example.com/simple\n"
        "extra-index-url = https://other.example.com/simple\n"
    )
    assert stub.left_behind() == []


def test_without_proxy_and_index_nothing_is_said_of_them(stub: Stub) -> None:
    stub.build("base")
    (call,) = stub.asked()
    assert re.findall(r"--build-arg (\S+)", call) == [f"CATENARY_VERSION={__version__}"]
    assert stub.secrets() == "id=pip.conf\n[global]\n"


def test_certificates_are_a_secret(stub: Stub, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("certificate\n")
    stub.build("--ca", "ca.pem", "base")
    assert f"--secret id=ca.pem,src={tmp_path}/ca.pem" in stub.asked()[0]
    assert stub.secrets().endswith("id=ca.pem\ncertificate\n")


def test_what_follows_two_dashes_goes_to_docker(stub: Stub) -> None:
    stub.build("--no-cache", "--python", "python:3.13-slim-bookworm", "base", "--", "--network", "host")
    (call,) = stub.asked()
    assert "--no-cache --network host " in call
    assert "--build-arg PYTHON_IMAGE=python:3.13-slim-bookworm" in call


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--nonsense"], "build.sh: there is no option --nonsense; ./build.sh --help lists them"),
        (["gatway"], f"build.sh: there is no image 'gatway', only: {' '.join(IMAGES)}"),
        (["--version"], "build.sh: --version needs a value; ./build.sh --help tells more"),
    ],
)
def test_what_it_does_not_know_it_refuses_in_one_sentence(stub: Stub, words: list[str], sentence: str) -> None:
    result = stub.build(*words)
    assert (result.returncode, result.stderr.splitlines()) == (2, [sentence])
    assert stub.asked() == []


@pytest.mark.parametrize(
    ("environment", "beginning"),
    [
        ({"NO_ENGINE": "yes"}, "build.sh: no Docker engine answers: Cannot connect to the Docker daemon"),
        ({"NO_BUILDX": "yes"}, "build.sh: docker lacks its plug-in buildx"),
        ({"PIP_CERT": "/nowhere/ca.pem"}, "build.sh: the file of certificates /nowhere/ca.pem cannot be read"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(stub: Stub, environment: dict[str, str], beginning: str) -> None:
    result = stub.build(**environment)
    assert result.returncode == 1
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith(beginning)
    assert stub.asked() == []


def test_a_client_with_buildkit_within_needs_no_plug_in(stub: Stub) -> None:
    assert stub.build("base", NO_BUILDX="yes", CLIENT="20.10.24+dfsg1").returncode == 0


def test_a_missing_docker_is_said_in_one_sentence(stub: Stub) -> None:
    stub.remove_docker()
    result = stub.build()
    assert result.returncode == 1
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith("build.sh: docker is not installed")
