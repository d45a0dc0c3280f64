"""Command line of the sandbox: ``python -m sandbox --help``."""

import importlib
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import click

from sandbox import build, images, network, packages, progress, report, wheels
from sandbox.cluster import Cluster
from sandbox.errors import SandboxError
from sandbox.settings import MAX_NODES, Places, require_linux_root

_NODE = click.IntRange(1, MAX_NODES)


class _Plain(click.Group):
    """Shows a SandboxError as its message alone: a traceback helps nobody with a mistake of their own."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SandboxError as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:  # click knows what to do when the reader of a pipe went away
            raise
        except OSError as error:
            raise click.ClickException(f"{error}. Is there space and permission for the sandbox's folders?") from error


@click.group(cls=_Plain, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """An embedded Kubernetes with OpenBao's images, and a Pulumi engine, on this machine. Needs Linux and root."""


@main.command()
@click.option("--nodes", type=_NODE, default=None, help="How many nodes (default: as many as last time, at first 1).")
def up(nodes: int | None) -> None:
    """Start the cluster, add nodes to it, or complete it after a crash."""
    start = time.monotonic()
    cluster = Cluster()
    started = cluster.up(nodes)
    count = len(cluster.nodes)
    state = f"up after {progress.duration(time.monotonic() - start)}" if started else "already up"
    progress.say(
        f"sandbox {state}: Kubernetes {build.KUBERNETES_VERSION}, {count} {'node' if count == 1 else 'nodes'}; "
        f"KUBECONFIG={cluster.kubeconfig}"
    )


@main.command()
def down() -> None:
    """End the cluster and keep its state."""
    cluster = Cluster()
    cluster.down()
    progress.say(f"sandbox down; its state stays in {cluster.places.state} (`wipe` removes it)")


@main.command()
def wipe() -> None:
    """End the cluster and remove its state: objects, volumes, keys, Pulumi stacks."""
    cluster = Cluster()
    cluster.wipe()
    progress.say(f"sandbox down, {cluster.places.state} removed; what was built stays in {cluster.places.cache}")


@main.command()
def status() -> None:
    """What runs, in which version, with how much memory."""
    require_linux_root()
    click.echo(report.status(Places.from_environment()))


@main.command()
def env() -> None:
    """Print export lines for a shell: eval "$(python -m sandbox env)"."""
    require_linux_root()
    for name, value in _environment(Places.from_environment()).items():
        click.echo(f"export {name}={shlex.quote(value)}")


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def kubectl(arguments: tuple[str, ...]) -> None:
    """Run kubectl as the sandbox's administrator."""
    cluster = Cluster()
    cluster.require_running()  # else the request would leave this machine by its default route
    command = cluster.kubectl.command(*arguments)
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


@main.command("build")
def build_() -> None:
    """Install, build or fetch all that the cluster needs, without starting anything."""
    places = Places.from_environment()
    packages.ensure(places)
    click.echo(build.tools(places))
    images.ensure(places)


@main.command()
@click.argument("number", type=_NODE)
def node_down(number: int) -> None:
    """Cut a node's power; its disk stays."""
    Cluster().node_down(number)


@main.command()
@click.argument("number", type=_NODE)
def node_up(number: int) -> None:
    """Switch a node on again."""
    Cluster().node_up(number)


@main.command()
@click.argument("number", type=_NODE)
def cut(number: int) -> None:
    """Pull a node's network cable."""
    Cluster().cut(number)


@main.command()
@click.argument("number", type=_NODE)
def heal(number: int) -> None:
    """Plug a node's network cable in again."""
    Cluster().heal(number)


def _environment(places: Places) -> dict[str, str]:
    tools = build.tools(places)
    values = _pulumi(places, tools)
    values["KUBECONFIG"] = str(places.kubeconfig)
    values["SANDBOX_HOST"] = network.HOST
    for version in wheels.OPENBAO:
        values[f"SANDBOX_OPENBAO_DIGEST_{version.replace('.', '_')}"] = images.digest("openbao", version, places)
    return values


def _pulumi(places: Places, tools: Path) -> dict[str, str]:
    """The engine's own variables; imported late, because only this command needs the plugins' dependencies."""
    try:
        environment = importlib.import_module("sandbox.pulumi_environment").environment
    except ModuleNotFoundError:  # the sandbox also works as a mere Kubernetes
        return {"PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    return dict(environment(places.pulumi, tools))


if __name__ == "__main__":
    main(prog_name="python -m sandbox")
