"""Settings: flags over environment over file over defaults, and an error that names the variable."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from catenary.errors import SetupError
from catenary.settings import Settings, read_settings
from gateway.settings import GatewaySettings
from manager.settings import ManagerSettings
from repository.settings import RepositorySettings
from runtimes.base.settings import RuntimeSettings

EVERY = [GatewaySettings, ManagerSettings, RepositorySettings, RuntimeSettings]


def test_flags_stand_over_environment_over_file_over_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "catenary.toml"
    file.write_text('lease_s = 7\nlog_level = "error"\nlisten = "127.0.0.1:1"\n')
    monkeypatch.setenv("CATENARY_CONFIG", str(file))
    monkeypatch.setenv("CATENARY_LISTEN", "127.0.0.1:2")
    monkeypatch.setenv("CATENARY_LOG_LEVEL", "debug")
    settings = read_settings(ManagerSettings, listen="127.0.0.1:3", xds=None)
    assert (settings.listen, settings.log_level, settings.lease_s) == ("127.0.0.1:3", "debug", 7)
    assert settings.xds == "127.0.0.1:18000"


def test_a_wrong_value_is_an_error_that_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATENARY_LISTEN", "nowhere")
    monkeypatch.setenv("CATENARY_LEASE_S", "soon")
    with pytest.raises(SetupError, match=r"CATENARY_LISTEN: .*nowhere.*CATENARY_LEASE_S: "):
        read_settings(ManagerSettings)


def test_a_file_that_cannot_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CATENARY_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(SetupError, match="CATENARY_CONFIG"):
        read_settings(ManagerSettings)
    (tmp_path / "bad.toml").write_text("listen = ")
    monkeypatch.setenv("CATENARY_CONFIG", str(tmp_path / "bad.toml"))
    with pytest.raises(SetupError, match="CATENARY_CONFIG"):
        read_settings(ManagerSettings)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        read_settings(ManagerSettings).log_level = "debug"


@pytest.mark.parametrize("kind", EVERY)
def test_every_setting_says_what_it_is(kind: type[Settings]) -> None:
    assert {n for n, field in kind.model_fields.items() if not field.description} - {"log_format"} == set()
