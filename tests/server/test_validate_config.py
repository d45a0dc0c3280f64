"""Everything that is rendered is accepted without a warning by the server that it is for.

`validate-config` reads shapes and names; it opens no file and calls no seal, so other tests of this tier start servers.
"""

from __future__ import annotations

import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings

from profiles.rendering import bootstrap_configuration, dump, server_configuration
from profiles.specification import Specification
from tests.contract.rendering.strategies import accepted
from tests.golden.cases import FILES, VERSIONS
from tests.server.binaries import bao

pytestmark = pytest.mark.server


def verdict(version: str, configuration: Path) -> str | None:
    """What `bao operator validate-config` has against a file or folder; None for exit code 0."""
    command = [str(bao(version)), "operator", "validate-config", f"-config={configuration}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    return None if done.returncode == 0 else f"{configuration}: {done.returncode} {done.stdout}{done.stderr}"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_golden_configuration_is_accepted_without_a_warning(version: str) -> None:
    """A warning is a setting that the server ignores: a promise of the contract that nobody keeps."""
    files = [*(FILES / version).glob("*.json"), *(FILES / "initialize").glob("*.json")]
    assert len(files) > 40
    with ThreadPoolExecutor(2) as pool:
        verdicts = pool.map(lambda file: verdict(version, file), files)
    assert [text for text in verdicts if text is not None] == []


def test_a_setting_that_the_version_does_not_know_is_noticed(tmp_path: Path) -> None:
    """Were `validate-config` silent, the test above could not fail."""
    (tmp_path / "server.json").write_text((FILES / "2.7.2" / "static-managed.json").read_text())
    assert "tls_auto_reload" in (verdict("2.6.2", tmp_path / "server.json") or "")


@settings(max_examples=25, deadline=None, derandomize=True, phases=[Phase.generate])
@given(accepted())
def test_every_specification_that_the_contract_accepts_is_accepted_by_its_server(spec: Specification) -> None:
    """Broken: the contract says yes, and the server warns or refuses, after `pulumi up` began."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "server.json").write_text(dump(server_configuration(spec)))
        (Path(folder) / "initialize.json").write_text(dump(bootstrap_configuration(spec) or {}))
        assert verdict(spec.version, Path(folder)) is None
