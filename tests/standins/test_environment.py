"""What a shell gets: official parts where they are, stand-ins elsewhere; the user's own Pulumi stays untouched."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sandbox import pulumi_environment
from sandbox.plugins.server import sdk_version

pytestmark = pytest.mark.sandbox


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home without any Pulumi, and a PATH with nothing on it."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", str(home / "bin"))
    monkeypatch.delenv("PULUMI_HOME", raising=False)
    return home


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A tools folder as `sandbox build` leaves it."""
    folder = tmp_path / "tools"
    for name in ("pulumi", "pulumi-python-codegen", "pulumi-language-python-exec"):
        executable(folder / name)
    return folder


def executable(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)


@pytest.mark.usefixtures("user")
def test_without_official_parts_everything_is_a_stand_in(built: Path, tmp_path: Path) -> None:
    """If it fails, a machine without Pulumi could not run the stack."""
    assert set(pulumi_environment.chosen(built).values()) == {"stand-in"}
    variables = pulumi_environment.environment(tmp_path / "state", built)
    assert Path(variables["PATH"].split(os.pathsep)[0], "pulumi").resolve() == built / "pulumi"
    plugins = {folder.name for folder in Path(variables["PULUMI_HOME"], "plugins").iterdir()}
    assert f"resource-kubernetes-v{sdk_version('kubernetes')}" in plugins
    assert "language-python-v3.259.0" in plugins


def test_an_official_plugin_of_the_sdks_version_is_preferred(user: Path, built: Path, tmp_path: Path) -> None:
    """If it fails, somebody who has the real thing would test with the imitation."""
    name = f"resource-tls-v{sdk_version('tls')}"
    pulumi_environment.environment(tmp_path / "state", built)
    official = user / ".pulumi" / "plugins" / name
    executable(official / "pulumi-resource-tls")
    variables = pulumi_environment.environment(tmp_path / "state", built)
    picked = pulumi_environment.chosen(built)
    assert (picked["tls"], picked["random"]) == ("official", "stand-in")
    assert Path(variables["PULUMI_HOME"], "plugins", name).resolve() == official


def test_an_official_plugin_of_another_version_is_not_taken(user: Path, built: Path) -> None:
    """If it fails, a test would run against a provider that the SDK does not fit."""
    executable(user / ".pulumi" / "plugins" / "resource-tls-v0.1.0" / "pulumi-resource-tls")
    assert pulumi_environment.chosen(built)["tls"] == "stand-in"


def test_an_official_cli_with_its_language_host_is_preferred(user: Path, built: Path, tmp_path: Path) -> None:
    """If it fails, the user's own engine would be hidden behind the sandbox's."""
    executable(user / "bin" / "pulumi")
    assert pulumi_environment.chosen(built)["pulumi"] == "stand-in"
    executable(user / "bin" / "pulumi-language-python")
    assert pulumi_environment.chosen(built)["pulumi"] == "official"
    variables = pulumi_environment.environment(tmp_path / "state", built)
    assert variables["PATH"].split(os.pathsep) == [str(user / "bin"), str(built)]


@pytest.mark.usefixtures("user")
def test_the_passphrase_is_kept_and_private(built: Path, tmp_path: Path) -> None:
    """If it fails, stacks could not be opened again, or anybody could open them."""
    first = pulumi_environment.environment(tmp_path / "state", built)
    second = pulumi_environment.environment(tmp_path / "state", built)
    assert first == second
    assert len(first["PULUMI_CONFIG_PASSPHRASE"]) > 30
    assert stat.S_IMODE((tmp_path / "state" / "passphrase").stat().st_mode) == 0o600


def test_the_users_own_pulumi_is_not_touched(user: Path, built: Path, tmp_path: Path) -> None:
    """If it fails, trying the sandbox would change somebody's login or plugins."""
    pulumi_environment.environment(tmp_path / "state", built)
    assert list(user.iterdir()) == []


def test_calling_it_from_inside_its_own_environment_changes_nothing(
    user: Path, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, `eval $(python -m sandbox env)` twice in one shell would break it."""
    first = pulumi_environment.environment(tmp_path / "state", built)
    for name, value in first.items():
        monkeypatch.setenv(name, value)
    assert pulumi_environment.environment(tmp_path / "state", built) == first
    assert set(pulumi_environment.chosen(built).values()) == {"stand-in"}
    assert list(user.iterdir()) == []


@pytest.mark.usefixtures("user")
def test_a_missing_runner_is_reported_with_the_way_out(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, a cleaned Go cache would end in a traceback."""
    (built / "pulumi-language-python-exec").unlink()
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "empty"))
    with pytest.raises(pulumi_environment.MissingPartError, match="python -m sandbox build"):
        pulumi_environment.environment(tmp_path / "state", built)
