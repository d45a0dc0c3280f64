"""The component package as programs of other repositories use it: `pulumi package add`, then an ordinary program.

Not proven here: the official language hosts. A program in another language is generated for, not run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cluster import Cluster
from sandbox.pulumi_environment import environment
from tests.sandbox.client import Client
from tests.sandbox.git_server import serve
from tests.sandbox.stack import PROJECT, Stack

pytestmark = pytest.mark.sandbox

NAME = "package-life"
IMPORTS = "import pulumi\nimport pulumi_random as random\nimport pulumi_openbao as openbao\n"
DEVELOPMENT = """
    late = random.RandomPassword("late", length=1).result
    cluster = openbao.DevelopmentVaultCluster(
        "package-life", replicas=1, deletion_policy="DeleteAll", storage={"size": late.apply(lambda _: "1Gi")})
    for output in ("ca_certificate", "address", "services", "login_secrets", "security_risk", "production_ready"):
        pulumi.export(output, getattr(cluster, output))
"""
HARDENED = """
    openbao.HardenedVaultCluster(
        "package-life",
        replicas=3,
        image={"digest": "sha256:" + "0" * 64},
        unseal={"type": "transit", "address": "https://a.example.com", "key_name": "k", "credentials_secret_ref": "s"},
        tls={"mode": "External", "secret_name": "tls"},
        self_init={
            "policies": [{"name": "all", "policy": 'path "sys/*" { capabilities = ["sudo", "update"] }'}],
            "userpass": {"users": [{"username": "admin", "policies": ["all"], "password_secret_ref": "admin"}]},
        },
    )
"""


class Program(Stack):
    """A Python program of its own repository, with its own virtual environment."""

    def __init__(self, cluster: Cluster, folder: Path, pulumi_home: Path) -> None:
        self.cluster, self.folder, self.name = cluster, folder, NAME
        folder.mkdir()
        (folder / "backend").mkdir()
        self.environment = {
            **os.environ,
            **environment(pulumi_home, cluster.tools),
            "KUBECONFIG": str(cluster.kubeconfig),
            "PULUMI_BACKEND_URL": f"file://{folder}/backend",
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase of the test",
        }
        project = "name: consumer\nruntime: {name: python, options: {virtualenv: .venv}}\n"
        (folder / "Pulumi.yaml").write_text(project)
        (folder / "requirements.txt").write_text("pulumi>=3\n")
        subprocess.run([sys.executable, "-m", "venv", folder / ".venv"], check=True)
        (_packages(folder / ".venv") / "installed.pth").write_text(str(_packages(Path(sys.prefix))))
        self.program("")
        self.pulumi("stack", "init", NAME)

    def program(self, text: str, imports: str = IMPORTS) -> None:
        """Make this the program."""
        (self.folder / "__main__.py").write_text(imports + textwrap.dedent(text))


def _packages(environment: Path) -> Path:
    return next((environment / "lib").glob("python3*")) / "site-packages"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Pulumi home of these tests' own: packages from Git are installed into it."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def program(cluster: Cluster, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A program with the package of this checkout; later tests build on earlier ones."""
    program = Program(cluster, tmp_path_factory.mktemp("local") / "consumer", home)
    added = program.pulumi("package", "add", str(PROJECT / "components")).text
    assert "import pulumi_openbao as openbao" in added
    yield program
    program.program("")
    program.up()


def test_a_program_previews_and_gets_a_proven_cluster(program: Program) -> None:
    """The same bootstrap and proof as in the stack program, with a value that is known only while the update runs."""
    program.program(DEVELOPMENT)
    assert "SECURITY RISK" in program.preview().text
    program.up()
    outputs = program.outputs()
    assert outputs["security_risk"] == "DevelopmentProfile"
    assert outputs["production_ready"] is False
    client = Client(program.cluster, NAME, outputs["ca_certificate"])
    client.log_in()
    assert client.peers() == {f"{NAME}-0": True}


def test_a_second_up_finds_nothing_to_do(program: Program) -> None:
    """Arguments that are spelled anew at each run would look like changes for ever."""
    assert set(program.up().changes) == {"unchanged"}


def test_the_example_in_python_previews(program: Program) -> None:
    """Readers copy it."""
    program.program((PROJECT / "examples/package/python/__main__.py").read_text(), imports="")
    assert "+  openbao:index:DevelopmentVaultCluster vault create" in program.preview().text


def test_a_promotion_in_place_is_refused_through_the_package_too(program: Program) -> None:
    """The guard runs in the package's own process; uncalled there, it would let a live cluster be converted."""
    program.program(HARDENED)
    refused = program.preview(expected=1)
    assert "before hook" in refused.text
    assert "profile: " in refused.text
    assert "package-life" in refused.text


def test_a_refused_program_reads_the_reasons_and_none_of_the_package_s_code(program: Program) -> None:
    """A traceback through somebody else's package hides the one line that helps; a late value must read the same."""
    program.program("""
        openbao.HardenedVaultCluster("refused", replicas=2, unseal={"type": "transit", "address": "https://kms.example.com",
            "key_name": "k", "token": pulumi.Output.secret("canary-of-the-package")}, tls={"mode": "External"})
    """)
    early = program.preview(expected=1).text
    assert "replicas: Raft needs three voters" in early
    assert "unseal.token: " in early
    program.program("""
        digit = random.RandomPassword("size", length=1).result
        openbao.DevelopmentVaultCluster("refused", storage={"size": digit.apply(lambda _: "much")})
    """)
    late = program.up(expected=1).text
    assert "storage.size: This must be a Kubernetes quantity." in late
    for text in (early, late):
        assert "canary-of-the-package" not in text
        assert "Unexpected" not in text
        assert f"{PROJECT}/components" not in text


@pytest.mark.parametrize(
    ("language", "file"), [("nodejs", "hardenedVaultCluster.ts"), ("go", "hardenedVaultCluster.go")]
)
def test_programs_in_other_languages_get_both_classes(program: Program, language: str, file: str) -> None:
    """A name that is reserved in one language would leave its users without the package."""
    program.pulumi("package", "gen-sdk", str(PROJECT / "components"), "--language", language, "--out", "generated")
    (source,) = (program.folder / "generated" / language).rglob(file)
    text = source.read_text()
    assert "An OpenBao cluster for production" in text
    assert "deletionPolicy" in text


def test_the_package_comes_from_git_with_all_that_it_imports(
    cluster: Cluster, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sub-folder of a repository that needs its neighbours works only because Pulumi keeps the whole clone.

    What requirements.txt wants is here already, so that the test downloads nothing; that it installs from an index was
    tried by hand (docs/reuse.md).
    """
    program = Program(cluster, tmp_path / "consumer", home)
    program.environment["PYTHONPATH"] = str(_packages(Path(sys.prefix)))
    with serve(PROJECT, "v0.1.0", tmp_path) as server:
        program.environment["SSL_CERT_FILE"] = str(server.trust)
        program.pulumi("package", "add", f"{server.url}/components@0.1.0")
        # Pulumi names the SDK after the repository's owner, too.
        imports = "import pulumi\nimport example_openbao as openbao\n"
        program.program('openbao.DevelopmentVaultCluster("from-git", replicas=1)', imports)
        previewed = json.loads(program.pulumi("preview", "--json").text)
    types = {step["newState"]["type"] for step in previewed["steps"]}
    assert {"openbao:index:DevelopmentVaultCluster", "kubernetes:apps/v1:StatefulSet"} <= types
