"""Programs and component packages under the language host: what a user sees of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.standins.stack import Stack

pytestmark = pytest.mark.sandbox


def test_a_programs_error_shows_the_programs_lines_only(plain_stack: Stack) -> None:
    """If it fails, a user would search a mistake of their own in the sandbox's code."""
    plain_stack.program('def broken():\n    raise ValueError("mind the gap")\nbroken()')
    done = plain_stack.run("preview")
    assert not done.ok
    assert "ValueError: mind the gap" in done.text
    assert "__main__.py" in done.text
    assert "language_python" not in done.text
    assert "runpy" not in done.text


def test_a_run_error_shows_no_traceback(plain_stack: Stack) -> None:
    """If it fails, refusals that are meant for the user would drown in Python."""
    plain_stack.program('raise pulumi.RunError("choose a profile")')
    done = plain_stack.run("preview")
    assert "choose a profile" in done.text
    assert "Traceback" not in done.text


def test_what_a_program_prints_is_shown(plain_stack: Stack) -> None:
    """If it fails, debugging by print would be impossible."""
    plain_stack.program('print("hello from the program")')
    assert "hello from the program" in plain_stack.must("preview")


def test_config_reaches_the_program_and_secrets_stay_secret(plain_stack: Stack) -> None:
    """If it fails, configuration would be lost, or a secret output would be shown."""
    plain_stack.must("config", "set", "--path", "vault.replicas", "3")
    plain_stack.must("config", "set", "--secret", "token", "canary")
    plain_stack.program("""
        config = pulumi.Config()
        pulumi.export("replicas", config.require_object("vault")["replicas"])
        pulumi.export("token", config.require_secret("token"))
    """)
    shown = plain_stack.up().text
    assert "replicas: 3" in shown
    assert "canary" not in shown + plain_stack.state_text()
    assert plain_stack.must("stack", "output", "token", "--show-secrets").strip() == "canary"


def test_a_program_runs_in_the_virtual_environment_that_its_project_names(plain_stack: Stack) -> None:
    """If it fails, a repository's own .venv would be ignored."""
    project = plain_stack.folder / "Pulumi.yaml"
    project.write_text("name: standins\nruntime:\n  name: python\n  options: {virtualenv: .venv}\n")
    plain_stack.program('import sys\npulumi.export("python", sys.prefix)')
    missing = plain_stack.run("preview")
    assert not missing.ok
    assert ".venv is not a virtual environment" in missing.text
    assert "pulumi install" in missing.text
    home = plain_stack.folder / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", str(home)], check=True)
    _see_packages_of(home, Path(sys.prefix))
    done = plain_stack.up()
    assert done.ok, done.text
    assert str(home) in plain_stack.must("stack", "output", "python")


def _see_packages_of(environment: Path, other: Path) -> None:
    """Let one virtual environment import what another one has installed."""
    inside = next((environment / "lib").iterdir()) / "site-packages" / "other.pth"
    inside.write_text(f"{next((other / 'lib').glob('python3*'))}/site-packages\n")


def test_install_makes_the_virtual_environment(plain_stack: Stack) -> None:
    """If it fails, the way out that the message above names would be none."""
    project = plain_stack.folder / "Pulumi.yaml"
    project.write_text("name: standins\nruntime:\n  name: python\n  options: {virtualenv: venv}\n")
    plain_stack.must("install", "--no-plugins")
    assert (plain_stack.folder / "venv" / "bin" / "python").exists()


def test_a_provider_that_is_not_here_is_reported_only_when_used(plain_stack: Stack) -> None:
    """If it fails, an installed SDK without a plugin would stop programs that never use it."""
    plain_stack.program("import pulumi_aws")
    plain_stack.must("preview")


COMPONENT = '''
import pulumi
import pulumi_random as random
from pulumi.provider.experimental import component_provider_host
from typing import NotRequired, TypedDict


class GreeterArgs(TypedDict):
    name: pulumi.Input[str]
    """Who is greeted."""
    length: NotRequired[pulumi.Input[int]]


class Greeter(pulumi.ComponentResource):
    greeting: pulumi.Output[str]
    password: pulumi.Output[str]

    def __init__(self, name: str, args: GreeterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("greeting:index:Greeter", name, dict(args), opts)
        length = pulumi.Output.from_input(args.get("length", 8)).apply(int)
        made = random.RandomPassword(f"{name}-password", length=length, opts=pulumi.ResourceOptions(parent=self))
        self.greeting = pulumi.Output.format("hello {}", args["name"])
        self.password = made.result
        self.register_outputs({"greeting": self.greeting, "password": self.password})


if __name__ == "__main__":
    component_provider_host(components=[Greeter], name="greeting")
'''


@pytest.fixture
def package(plain_stack: Stack) -> Path:
    """A component package in a folder of its own."""
    folder = plain_stack.folder / "greeting"
    folder.mkdir()
    (folder / "PulumiPlugin.yaml").write_text("runtime: python\nname: greeting\nversion: 0.1.0\n")
    (folder / "__main__.py").write_text(COMPONENT)
    return folder


def test_a_component_package_shows_its_schema(plain_stack: Stack, package: Path) -> None:
    """If it fails, no other program could learn what a component takes."""
    schema = plain_stack.must("package", "get-schema", f"./{package.name}")
    assert '"greeting:index:Greeter"' in schema
    assert "Who is greeted." in schema


@pytest.mark.parametrize(
    ("language", "file"), [("python", "greeter.py"), ("nodejs", "greeter.ts"), ("go", "greeter.go")]
)
def test_an_sdk_is_generated_for_other_programs(plain_stack: Stack, package: Path, language: str, file: str) -> None:
    """If it fails, a program in that language could not use the components."""
    plain_stack.must("package", "gen-sdk", f"./{package.name}", "--language", language, "--out", "generated")
    assert list((plain_stack.folder / "generated" / language).rglob(file))


def test_a_program_uses_a_component_package(plain_stack: Stack, package: Path) -> None:
    """If it fails, the components could only be used inside their own repository."""
    (plain_stack.folder / "requirements.txt").write_text("pulumi>=3\n")
    home = plain_stack.folder / ".venv"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    _see_packages_of(home, Path(sys.prefix))
    project = plain_stack.folder / "Pulumi.yaml"
    project.write_text("name: standins\nruntime:\n  name: python\n  options: {virtualenv: .venv}\n")
    added = plain_stack.must("package", "add", f"./{package.name}")
    assert "import pulumi_greeting as greeting" in added
    assert "greeting" in project.read_text()
    plain_stack.program("""
        import pulumi_greeting as greeting
        made = greeting.Greeter("hi", name="world", length=10)
        pulumi.export("greeting", made.greeting)
        pulumi.export("password", made.password)
    """)
    done = plain_stack.up()
    assert done.ok, done.text
    assert plain_stack.must("stack", "output", "greeting").strip() == "hello world"
    assert len(plain_stack.must("stack", "output", "password", "--show-secrets").strip()) == 10
    assert plain_stack.resources()["hi-password"]["parent"].endswith("greeting:index:Greeter::hi")
    assert plain_stack.preview() == []
