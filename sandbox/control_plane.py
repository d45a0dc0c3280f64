"""The control plane's box: the switch, etcd, the API server, its controllers, DNS and the volume provisioner.

DNS and provisioner run as processes here rather than as pods, so that the cluster is ready in seconds.
"""

import json
import urllib.request
from pathlib import Path

from sandbox import network, storage
from sandbox.box import Box
from sandbox.kubectl import Kubectl
from sandbox.settings import Places

NAME = "control-plane"
_ETCD = "http://127.0.0.1:2379"
_API_SERVER, _CONTROLLER_MANAGER, _SCHEDULER = "kube-apiserver", "kube-controller-manager", "kube-scheduler"


class ControlPlane:
    """The control plane. Every method may be called again: it starts what is missing and leaves the rest alone."""

    def __init__(self, places: Places, tools: Path) -> None:
        self.places, self.tools = places, tools
        self.box = Box(NAME, places)
        self.kubectl = Kubectl(places, tools / "kubectl")

    def ensure_api(self) -> bool:
        """The box with its switch, etcd and API server, without waiting for them. Says whether anything was started."""
        fresh = self.box.pid is None
        if fresh:
            network.require_free_ranges()
            with self.box.starting(filter_bridge=False):
                network.connect_host(self.box.require_pid())
                self.box.network_shell(network.switch_script())
                network.route_host()
        started = [self.box.ensure(self.tools / "etcd", *self._etcd())]
        started.append(self.box.ensure(self.tools / _API_SERVER, *self._api_server()))
        return fresh or any(started)

    def end_api(self) -> None:
        """Kill the API server; what it stored stays. Its controllers end, too, as they do where they hold a lease."""
        for daemon in (_API_SERVER, _CONTROLLER_MANAGER, _SCHEDULER):
            self.box.end(daemon)

    def wait_for_api(self) -> None:
        """Returns when the API server is ready. Raises DaemonError when it does not come."""
        self.box.wait("the API server is ready", self.kubectl.api_ready)

    def ensure_controllers(self, busybox: str) -> bool:
        """Controllers, scheduler, base objects, DNS, provisioner. Says whether anything was started."""
        started = [self.box.ensure(self.tools / _CONTROLLER_MANAGER, *self._controller_manager())]
        if _SCHEDULER not in self.box.daemons():  # started after it, so that a failed apply is made up for
            self.kubectl(
                "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=storage.base_objects(self.places)
            )
        started.append(self.box.ensure(self.tools / _SCHEDULER, *self._controller("scheduler")))
        self._write_configuration(busybox)
        started.append(self.box.ensure(self.tools / "coredns", "-conf", self._config / "Corefile"))
        started.append(self.box.ensure(self.tools / "local-path-provisioner", *self._provisioner()))
        return any(started)

    def wait_for_controllers(self) -> None:
        """Returns when pods can be created and names resolve."""
        self.box.wait("the default service account exists", self._has_service_account)
        self.box.wait("DNS is ready", _dns_ready)

    def plug_in(self, number: int, node_pid: int) -> None:
        """Connect a node's box to the switch."""
        self.box.network_shell(network.port_script(number, node_pid))

    def set_link(self, number: int, state: str) -> None:
        """Set a node's port ``up`` or ``down``."""
        self.box.run("ip", "link", "set", network.node_name(number), state)

    def is_linked(self, number: int) -> bool:
        """Whether a node's cable is plugged in."""
        [port] = json.loads(self.box.run("ip", "-j", "link", "show", network.node_name(number)))
        return "UP" in port["flags"]

    def _has_service_account(self) -> bool:
        return bool(self.kubectl("get", "serviceaccount", "default", "--output=name"))

    @property
    def _config(self) -> Path:
        return self.box.folder / "config"

    def _write_configuration(self, busybox: str) -> None:
        self._config.mkdir(exist_ok=True)
        (self._config / "Corefile").write_text(_corefile(self.places.pki))
        (self._config / "provisioner.json").write_text(storage.provisioner_config(self.places))
        (self._config / "helper-pod.yaml").write_text(storage.helper_pod(busybox))

    def _etcd(self) -> list[str]:
        return [
            f"--data-dir={self.box.folder}/etcd",
            "--unsafe-no-fsync",  # this data need not survive a crash of the machine
            "--log-level=warn",
            f"--listen-client-urls={_ETCD}",
            f"--advertise-client-urls={_ETCD}",
            "--listen-peer-urls=http://127.0.0.1:2380",
        ]

    def _api_server(self) -> list[str]:
        pki = self.places.pki
        return [
            f"--etcd-servers={_ETCD}",
            f"--secure-port={network.API_PORT}",
            f"--advertise-address={network.CONTROL_PLANE}",
            f"--service-cluster-ip-range={network.SERVICES}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            "--profiling=false",
            "--v=1",
            f"--client-ca-file={pki}/ca.crt",
            f"--tls-cert-file={pki}/apiserver.crt",
            f"--tls-private-key-file={pki}/apiserver.key",
            f"--kubelet-certificate-authority={pki}/ca.crt",
            f"--kubelet-client-certificate={pki}/apiserver-kubelet.crt",
            f"--kubelet-client-key={pki}/apiserver-kubelet.key",
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={pki}/service-account.pub",
            f"--service-account-signing-key-file={pki}/service-account.key",
            f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-username-headers=X-Remote-User",
            f"--proxy-client-cert-file={pki}/front-proxy.crt",
            f"--proxy-client-key-file={pki}/front-proxy.key",
            "--enable-aggregator-routing=true",  # webhooks by pod address: no kube-proxy runs in this box
        ]

    def _controller(self, user: str) -> list[str]:
        kubeconfig = self.places.pki / f"{user}.kubeconfig"
        return [
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            "--profiling=false",
            "--kube-api-qps=500",  # the default of 20 makes the start five seconds longer
            "--kube-api-burst=1000",
        ]

    def _controller_manager(self) -> list[str]:
        pki = self.places.pki
        return [
            *self._controller("controller-manager"),
            f"--root-ca-file={pki}/ca.crt",
            f"--service-account-private-key-file={pki}/service-account.key",
            f"--cluster-signing-cert-file={pki}/ca.crt",
            f"--cluster-signing-key-file={pki}/ca.key",
            "--use-service-account-credentials=true",
            f"--flex-volume-plugin-dir={self.box.folder}/volume-plugins",  # else it makes a folder in /usr/libexec
        ]

    def _provisioner(self) -> list[str]:
        return [
            "start",
            f"--config={self._config}/provisioner.json",
            f"--namespace={storage.NAMESPACE}",
            f"--helper-pod-file={self._config}/helper-pod.yaml",
            f"--kubeconfig={self.places.kubeconfig}",
        ]


def _corefile(pki: Path) -> str:
    return f"""\
.:53 {{
  bind {network.DNS}
  errors
  ready {network.DNS}:8181
  kubernetes cluster.local in-addr.arpa {{
    kubeconfig {pki}/coredns.kubeconfig
    ttl 5
  }}
  cache 5
}}
"""


def _dns_ready() -> bool:
    with urllib.request.urlopen(f"http://{network.DNS}:8181/ready", timeout=1) as answer:
        return bool(answer.status == 200)
