"""The embedded Kubernetes cluster as one object: start it, end it, and play faults on its nodes."""

import concurrent.futures
import shutil
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from sandbox import build, cgroups, control_plane, crds, images, network, oci, packages, pki
from sandbox.box import Box
from sandbox.control_plane import ControlPlane
from sandbox.errors import SandboxError
from sandbox.kubectl import Kubectl
from sandbox.node import Node
from sandbox.settings import MAX_NODES, Places, locked, require_linux_root


class Cluster:
    """The one sandbox cluster of this machine.

    Raises UnsupportedMachineError where it cannot run, BuildError when a part cannot be had, DaemonError when a part
    does not start, and SandboxError for a wrong request.
    """

    def __init__(self, places: Places | None = None) -> None:
        require_linux_root()
        self.places = places or Places.from_environment()

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig; exists after the first ``up``."""
        return self.places.kubeconfig

    @cached_property
    def tools(self) -> Path:
        """Folder of every tool by name; builds them on first use."""
        return build.tools(self.places)

    @cached_property
    def kubectl(self) -> Kubectl:
        """kubectl as this cluster's administrator: ``cluster.kubectl("get", "pods")``."""
        return Kubectl(self.places, self.tools / "kubectl")

    @property
    def nodes(self) -> list[int]:
        """Numbers of the nodes that are switched on."""
        if self._plane_box.pid is None:
            return []
        return [number for number in range(1, MAX_NODES + 1) if self._box(number).pid is not None]

    def up(self, nodes: int | None = None) -> bool:
        """Start the cluster, or complete one that runs in part. Says whether anything had to be started.

        ``nodes`` from 1 to 5; None means as many as the state knows (1 at first). More than run are added; running
        ones are never taken away.
        """
        if nodes is not None and not 1 <= nodes <= MAX_NODES:
            raise SandboxError(f"A sandbox has 1 to {MAX_NODES} nodes, not {nodes}.")
        packages.ensure(self.places)
        tools, built = self.tools, images.ensure(self.places)
        with locked(self.places.state):
            wanted = range(1, max(nodes or self._known_nodes(), *self.nodes, 1) + 1)
            pki.create(self.places.pki)
            plane = self._plane
            members = [Node(number, self.places, tools) for number in wanted]
            return self._start(plane, members, built)

    def _start(self, plane: ControlPlane, nodes: list[Node], built: dict[tuple[str, str], images.Built]) -> bool:
        started = [self._clear_ruins(), plane.ensure_api()]
        pause, busybox = built["pause", "3.10"].reference, built["busybox", "1.35"].reference
        with concurrent.futures.ThreadPoolExecutor() as pool:
            runtimes = [pool.submit(node.ensure_runtime, plane, built.values(), pause) for node in nodes]
            plane.wait_for_api()
            started.append(plane.ensure_controllers(busybox))
            started += [runtime.result() for runtime in runtimes]
        started += [node.ensure_kubelet() for node in nodes]
        for node in nodes:
            plane.set_link(node.number, "up")
        plane.wait_for_controllers()
        for node in nodes:
            node.wait_ready(plane)
        (self.places.state / "nodes").write_text(str(len(nodes)))
        return any(started)

    def down(self) -> None:
        """End the cluster and keep its state. Leaves no process, mount, link, route or cgroup. Idempotent."""
        if self.places.state.exists():
            with locked(self.places.state):
                self._end()

    def wipe(self) -> None:
        """End the cluster and remove its state: objects, volumes, certificates, the Pulumi engine's state."""
        if self.places.state.exists():
            with locked(self.places.state):
                self._end()
                shutil.rmtree(self.places.state)

    def node_down(self, number: int) -> None:
        """Cut a node's power: its processes end at once, its disk stays."""
        with locked(self.places.state):
            self._serve_host_without(number)
            self._node(number).box.stop()

    def node_up(self, number: int) -> None:
        """Switch a node on and wait until it is ready."""
        self.require_running()
        built = images.ensure(self.places)
        with locked(self.places.state):
            node, plane = self._node(number), self._plane
            node.ensure_runtime(plane, built.values(), built["pause", "3.10"].reference)
            node.ensure_kubelet()
            node.wait_ready(plane)

    def api_down(self) -> None:
        """Kill the API server and its controllers; pods, DNS and the nodes' daemons run on."""
        self.require_running()
        with locked(self.places.state):
            self._plane.end_api()

    def api_up(self) -> None:
        """Start them again and wait until they are ready."""
        self.require_running()
        built = images.ensure(self.places)
        with locked(self.places.state):
            plane = self._plane
            plane.ensure_api()
            plane.wait_for_api()
            plane.ensure_controllers(built["busybox", "1.35"].reference)
            plane.wait_for_controllers()

    def cut(self, number: int) -> None:
        """Pull a node's network cable."""
        self._serve_host_without(number)
        self._set_link(number, "down")

    def heal(self, number: int) -> None:
        """Plug a node's network cable in again."""
        self._set_link(number, "up")

    def load(self, image: oci.Image) -> images.Built:
        """Build an image and give it to every node that runs; pods find it by tag, by digest and by both."""
        self.require_running()
        built = images.build(image, self.places)
        for number in self.nodes:
            self._node(number).load([built])
        return built

    def install_cert_manager_crds(self) -> None:
        """Make cert-manager's kinds known to the API server. Its controllers do not run: nothing gets issued."""
        self.install_crds(crds.cert_manager(self.places))

    def install_crds(self, files: Sequence[Path]) -> None:
        """Make kinds known to the API server, from files that are named `<group>_<plural>.yaml`."""
        self.require_running()
        self.kubectl("apply", "--server-side", "--force-conflicts", *(f"--filename={file}" for file in files))
        groups_and_plurals = [file.stem.split("_") for file in files]
        names = [f"crd/{plural}.{group}" for group, plural in groups_and_plurals]
        self.kubectl("wait", "--for=condition=Established", *names, "--timeout=30s")

    def _set_link(self, number: int, state: str) -> None:
        self.require_running()
        with locked(self.places.state):
            node = self._node(number)
            if node.box.pid is None:
                raise SandboxError(f"{node.name} is switched off; `python -m sandbox node-up {number}` switches it on.")
            self._plane.set_link(number, state)

    def _serve_host_without(self, number: int) -> None:
        """Lead the host's connections to Services over another node when this one goes, as a load balancer would."""
        if self._plane_box.pid is None or not network.serves_host(number):
            return
        others = [other for other in self.nodes if other != number and self._plane.is_linked(other)]
        if others:
            network.route_services(others[0])

    def _node(self, number: int) -> Node:
        return Node(number, self.places, self.tools)

    @property
    def _plane(self) -> ControlPlane:
        return ControlPlane(self.places, self.tools)

    @property
    def _plane_box(self) -> Box:
        return Box(control_plane.NAME, self.places)

    def _box(self, number: int) -> Box:
        return Box(network.node_name(number), self.places)

    def require_running(self) -> None:
        """Raises SandboxError when the cluster is not running."""
        if self._plane_box.pid is None:
            raise SandboxError("The sandbox is not running; `python -m sandbox up` starts it.")

    def _known_nodes(self) -> int:
        noted = self.places.state / "nodes"
        return int(noted.read_text()) if noted.exists() else 1

    def _clear_ruins(self) -> bool:
        """Nodes without a control plane are what a crash leaves: their links are gone, so they start anew."""
        if self._plane_box.pid is not None:
            return False
        if self._another_runs():
            raise SandboxError(
                "Another sandbox runs on this machine, with another state folder (OPENBAO_SANDBOX_STATE). "
                "Addresses and links are fixed, so only one can run: end the other one with its own `down`."
            )
        self._end()
        return True

    def _another_runs(self) -> bool:
        """Whether the host's link is another cluster's. A link of ours outlives its box by a moment only."""
        deadline = time.monotonic() + 2
        while network.is_connected() and self._plane_box.pid is None:
            if time.monotonic() > deadline:
                return True
            time.sleep(0.05)
        return False

    def _end(self) -> None:
        another_runs = self._another_runs()
        for number in range(MAX_NODES, 0, -1):
            self._box(number).stop()
        self._plane_box.stop()
        if another_runs:
            return
        network.disconnect_host()
        if left := cgroups.remove():
            raise SandboxError(f"These cgroups are still in use and could not be removed: {left[0]} (of {len(left)}).")
