"""The manager's settings of Consul: what is not right is named, and secrets are shown to nobody."""

from __future__ import annotations

import pytest

from catenary.errors import SetupError
from catenary.settings import read_settings
from manager.settings import ManagerSettings


@pytest.mark.parametrize("url", ["", "http://consul:8500", "http://[::1]:8500/", "https://consul.example.org"])
def test_a_url_of_an_agent_is_taken(url: str) -> None:
    assert read_settings(ManagerSettings, consul=url).consul == url


@pytest.mark.parametrize(
    "url",
    ["consul:8500", "ftp://consul", "http://", "http://me:secret@consul:8500", "http://consul:85000", "http://c:1/v1"],
)
def test_what_is_no_url_of_an_agent_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(SetupError, match=r"CATENARY_CONSUL: ") as refused:
        read_settings(ManagerSettings, consul=url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("url", ["", "http://zipkin", "http://zipkin:9411", "http://zipkin:9411/z/api/v2/spans"])
def test_a_url_of_zipkin_is_taken(url: str) -> None:
    assert read_settings(ManagerSettings, zipkin=url).zipkin == url


@pytest.mark.parametrize(
    "url",
    ["zipkin:9411", "https://zipkin", "http://zipkin:99999", "http://zipkin:0", "http://me@zipkin", "http://z?a=b"],
)
def test_what_is_no_url_of_zipkin_is_refused(url: str) -> None:
    with pytest.raises(SetupError, match=r"CATENARY_ZIPKIN: "):
        read_settings(ManagerSettings, zipkin=url)


def test_the_token_is_not_shown() -> None:
    assert "secret" not in repr(read_settings(ManagerSettings, consul_token="secret"))


def test_a_variable_that_is_empty_names_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATENARY_CONSUL_CA", "")
    assert read_settings(ManagerSettings).consul_ca is None


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"consul_token": "secret", "consul_token_file": "/token"}, "CATENARY_CONSUL_TOKEN_FILE"),
        ({"consul_key": "/key.pem"}, "CATENARY_CONSUL_KEY"),
    ],
)
def test_settings_that_exclude_or_need_each_other_are_named(given: dict[str, str], named: str) -> None:
    with pytest.raises(SetupError, match=named) as refused:
        read_settings(ManagerSettings, **given)
    assert "secret" not in str(refused.value)
