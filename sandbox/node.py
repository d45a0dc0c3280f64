"""A node's box: containerd, kubelet, kube-proxy, and the images it starts with."""

import datetime
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sandbox import cgroups, network, packages
from sandbox.box import Box
from sandbox.control_plane import ControlPlane
from sandbox.errors import SandboxError
from sandbox.images import Built
from sandbox.settings import MAX_NODES, Places

_SOCKET = "/run/containerd/containerd.sock"
_ZONES = ("zone-a", "zone-b", "zone-c")


class Node:
    """Node 1 to 5. Every method may be called again: it starts what is missing and leaves the rest alone."""

    def __init__(self, number: int, places: Places, tools: Path) -> None:
        if not 1 <= number <= MAX_NODES:
            raise SandboxError(f"There is no node {number}: nodes are numbered 1 to {MAX_NODES}.")
        self.number, self.places, self.tools = number, places, tools
        self.name = network.node_name(number)
        self.box = Box(self.name, places)
        self._kubelet_since: datetime.datetime | None = None

    def ensure_runtime(self, control_plane: ControlPlane, images: Iterable[Built], pause: str) -> bool:
        """Box, link, containerd and images: all that needs no API server. Says whether anything was started."""
        fresh = self.box.pid is None
        if fresh:
            cgroups.create(self.name)
            self._write_configuration(pause)  # only while off: a running kube-proxy ends when its file is written
            with self.box.starting(filter_bridge=True):
                control_plane.plug_in(self.number, self.box.require_pid())
                self.box.network_shell(network.node_script(self.number))
        started = self.box.ensure(_containerd(), "--config", self._config / "containerd.toml")
        self.box.wait("containerd answers", lambda: bool(self._ctr("version")))
        self.load(images)
        return fresh or started

    def ensure_kubelet(self) -> bool:
        """kubelet and kube-proxy; they need the API server. Says whether anything was started."""
        pki = self.places.pki
        now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        kubelet = self.box.ensure(
            self.tools / "kubelet",
            f"--config={self._config}/kubelet.json",
            f"--kubeconfig={pki}/node-{self.number}.kubeconfig",
            "--root-dir=/var/lib/kubelet",  # the box's own; short, since kubelet makes sockets below it (107 bytes)
            f"--hostname-override={self.name}",
            f"--node-ip={network.node_address(self.number)}",
            f"--node-labels=topology.kubernetes.io/zone={_ZONES[(self.number - 1) % len(_ZONES)]}",
            "--v=2",
        )
        proxy = self.box.ensure(self.tools / "kube-proxy", f"--config={self._config}/kube-proxy.json", "--v=2")
        if kubelet:
            self._kubelet_since = now
        return kubelet or proxy

    def wait_ready(self, control_plane: ControlPlane) -> None:
        """Returns when the node is ready by the running kubelet's own report: the API keeps old ones for a while."""
        self.box.wait(f"{self.name} is ready", lambda: self._is_ready(control_plane))

    def _is_ready(self, control_plane: ControlPlane) -> bool:
        node = json.loads(control_plane.kubectl("get", "node", self.name, "--output=json"))
        [ready] = [report for report in node["status"]["conditions"] if report["type"] == "Ready"]
        heard = datetime.datetime.fromisoformat(ready["lastHeartbeatTime"])
        return ready["status"] == "True" and (self._kubelet_since is None or heard >= self._kubelet_since)

    def _ctr(self, *arguments: str | Path) -> str:
        return self.box.run("ctr", "--address", _SOCKET, "--namespace", "k8s.io", *arguments)

    def load(self, images: Iterable[Built]) -> None:
        """Import the images that containerd does not have yet."""
        present = set(self._ctr("images", "list", "--quiet").split())
        for image in images:
            if not {image.reference, image.by_digest} <= present:
                self._ctr("images", "import", image.archive)

    @property
    def _config(self) -> Path:
        return self.box.folder / "config"

    def _write_configuration(self, pause: str) -> None:
        cni = self._config / "cni"
        cni.mkdir(parents=True, exist_ok=True)
        (cni / "10-sandbox.conflist").write_text(json.dumps(self._cni(), indent=1))
        (self._config / "containerd.toml").write_text(self._containerd(pause, cni))
        (self._config / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        (self._config / "kubelet.json").write_text(json.dumps(self._kubelet(), indent=1))
        (self._config / "kube-proxy.json").write_text(json.dumps(self._kube_proxy(), indent=1))

    def _containerd(self, pause: str, cni: Path) -> str:
        cri = 'plugins."io.containerd.grpc.v1.cri"'
        unused = [f"io.containerd.snapshotter.v1.{name}" for name in ("aufs", "btrfs", "zfs", "devmapper")]
        return f"""\
version = 2
root = "{self.box.folder}/containerd"
state = "/run/containerd/state"
disabled_plugins = {json.dumps([*unused, "io.containerd.tracing.processor.v1.otlp"])}
[grpc]
  address = "{_SOCKET}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{self.box.folder}/opt"
[{cri}]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
[{cri}.cni]
  bin_dir = "{packages.cni_plugins()}"
  conf_dir = "{cni}"
[{cri}.containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"
[{cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[{cri}.containerd.runtimes.runc.options]
  SystemdCgroup = false
"""

    def _cni(self) -> dict[str, Any]:
        # isGateway with a route in ipam: isDefaultGateway adds the same route again and fails with "file exists"
        addresses = {
            "type": "host-local",
            "dataDir": "/run/cni-addresses",
            "ranges": [[{"subnet": network.pod_range(self.number)}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        }
        bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": False, "hairpinMode": True}
        portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
        return {"cniVersion": "1.0.0", "name": "sandbox", "plugins": [{**bridge, "ipam": addresses}, portmap]}

    def _kubelet(self) -> dict[str, Any]:
        pki = self.places.pki
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": f"{pki}/ca.crt"},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": f"{pki}/kubelet-{self.number}.crt",
            "tlsPrivateKeyFile": f"{pki}/kubelet-{self.number}.key",
            "failCgroupV1": False,
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{cgroups.NAME}/{self.name}",
            "containerRuntimeEndpoint": f"unix://{_SOCKET}",
            "clusterDNS": [network.DNS],
            "clusterDomain": "cluster.local",
            "resolvConf": f"{self._config}/resolv.conf",
            "volumePluginDir": f"{self.box.folder}/volume-plugins",
            "maxPods": 60,
            "imageGCHighThresholdPercent": 100,  # there is no registry to fetch a removed image from
            "imageGCLowThresholdPercent": 99,
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        }

    def _kube_proxy(self) -> dict[str, Any]:
        return {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "hostnameOverride": self.name,
            "mode": "nftables",
            "clusterCIDR": network.PODS,
            "clientConnection": {"kubeconfig": f"{self.places.pki}/proxy.kubeconfig"},
            # leave the whole machine's connection tracking as it is
            "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        }


def _containerd() -> str:
    found = shutil.which("containerd")
    if not found:
        raise SandboxError("containerd is missing; `python -m sandbox up` installs it where apt-get exists.")
    return found
