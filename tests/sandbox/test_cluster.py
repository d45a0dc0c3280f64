"""The embedded cluster, for real: pods, volumes, names, images, lost nodes, crashes, and what is left after the end.

Not proven here: enforcement of NetworkPolicies (there is none), cgroup v2, arm64.
"""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox import cgroups, go, images, network, oci, wheels
from sandbox.box import Box
from sandbox.cluster import Cluster
from sandbox.errors import SandboxError
from sandbox.settings import Places, architecture
from tests.sandbox.conftest import apply, claim, eventually, pod

pytestmark = [pytest.mark.sandbox, pytest.mark.alone]

BUSYBOX = "docker.io/library/busybox:1.35"
OPENBAO = "docker.io/openbao/openbao"


def test_a_pod_serves_its_dynamic_volume_to_a_pod_on_another_node_by_service_name(
    cluster: Cluster, namespace: str
) -> None:
    """Breaks when the provisioner, DNS, kube-proxy or the network between nodes does not work."""
    serve = "mkdir -p /data/www; echo across > /data/www/word; exec busybox httpd -f -p 8080 -h /data/www"
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "server"},
        "spec": {"selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    server = pod("server", BUSYBOX, "sh", "-c", serve, node=1, volume="data")
    client = pod("client", BUSYBOX, "sleep", "3600", node=2)
    apply(cluster, namespace, claim("data"), service, server, client)
    cluster.kubectl("wait", "--for=condition=Ready", "pod", "--all", f"--namespace={namespace}", "--timeout=60s")

    fetch = ("wget", "-q", "-O", "-", f"http://server.{namespace}.svc.cluster.local/word")
    answer = eventually(lambda: cluster.kubectl("exec", f"--namespace={namespace}", "client", "--", *fetch), 20)

    assert answer.strip() == "across"
    zones = cluster.kubectl(
        "get", "nodes", r"--output=jsonpath={.items[*].metadata.labels.topology\.kubernetes\.io/zone}"
    )
    assert zones.split()[:3] == ["zone-a", "zone-b", "zone-c"], "spread rules need nodes in different zones"


@pytest.mark.parametrize("version", ["2.7.2", "2.6.2"])
def test_the_openbao_image_starts_by_tag_by_digest_and_by_both(cluster: Cluster, namespace: str, version: str) -> None:
    """Breaks when a pinned image, which Hardened demands, would need a registry."""
    digest = images.digest("openbao", version)
    forms = {"tag": f"{OPENBAO}:{version}", "digest": f"{OPENBAO}@{digest}", "both": f"{OPENBAO}:{version}@{digest}"}
    apply(cluster, namespace, *(pod(name, image, "sleep", "3600") for name, image in forms.items()))
    cluster.kubectl("wait", "--for=condition=Ready", "pod", "--all", f"--namespace={namespace}", "--timeout=60s")

    for name in forms:
        inside = ("sh", "-c", "bao version; id -u; id -g")
        seen = cluster.kubectl("exec", f"--namespace={namespace}", name, "--", *inside).split()
        assert f"v{version}" in seen
        assert seen[-2:] == ["100", "1000"], "upstream's image runs as openbao, 100:1000"
    ids = cluster.kubectl(
        "get", "pods", f"--namespace={namespace}", "--output=jsonpath={.items[*].status.containerStatuses[*].imageID}"
    )
    assert {image_id.rsplit("@", 1)[-1] for image_id in ids.split()} == {digest}


def test_the_same_content_gives_the_same_digest(tmp_path: Path) -> None:
    """Breaks when a digest pinned in a stack file would change from machine to machine."""
    binary = tmp_path / "binary"
    binary.write_bytes(b"content")
    digests = set()
    for name, modified in (("one", 1), ("two", 2_000_000_000)):
        os.utime(binary, (modified, modified))
        image = oci.Image("example.invalid/a", "1", ("/a",), (oci.Folder("/bin"), oci.File("/bin/a", binary, 0o755)))
        digests.add(oci.write(image, architecture(), tmp_path / f"{name}.tar"))

    assert len(digests) == 1


def test_cert_manager_objects_are_checked_by_the_api_server(cluster: Cluster, namespace: str) -> None:
    """Breaks when the CRDs cannot be had, or would let a misspelt field through."""
    cluster.install_cert_manager_crds()
    certificate: dict[str, Any] = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": "server"},
        "spec": {"secretName": "server-tls", "issuerRef": {"name": "ca"}, "dnsNames": ["a.example"]},
    }
    apply(cluster, namespace, certificate)
    certificate["spec"]["dnsName"] = ["misspelt.example"]

    with pytest.raises(SandboxError, match=r"unknown field|field not declared in schema"):
        apply(cluster, namespace, certificate)


def test_a_node_that_lost_power_returns_with_its_volume(cluster: Cluster, namespace: str) -> None:
    """Breaks when a power loss is not one (pods go on), or when the node's disk does not survive it."""
    once = "[ -e /data/id ] || cat /proc/sys/kernel/random/uuid > /data/id; exec sleep 3600"
    apply(cluster, namespace, claim("data"), pod("keeper", BUSYBOX, "sh", "-c", once, node=3, volume="data"))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/keeper", f"--namespace={namespace}", "--timeout=60s")
    read = ("exec", f"--namespace={namespace}", "keeper", "--", "cat", "/data/id")
    before = cluster.kubectl(*read)

    cluster.node_down(3)
    assert 3 not in cluster.nodes
    assert not _processes_in_cgroup("node-3"), "containers of a node without power must be gone"
    cluster.kubectl("wait", "--for=condition=Ready=Unknown", "node/node-3", "--timeout=90s")
    cluster.node_up(3)

    restarts = "--output=jsonpath={.status.containerStatuses[0].restartCount}"
    eventually(lambda: int(cluster.kubectl("get", "pod", "keeper", f"--namespace={namespace}", restarts) or 0) > 0)
    assert eventually(lambda: cluster.kubectl(*read)) == before


def test_a_cut_node_is_unreachable_until_it_is_healed(cluster: Cluster) -> None:
    """Breaks when a network fault test would cut nothing, or could not be undone."""
    assert _kubelet_answers(2)
    cluster.cut(2)
    try:
        assert not _kubelet_answers(2)
    finally:
        cluster.heal(2)
    assert eventually(lambda: _kubelet_answers(2), 10)


def test_the_host_reaches_services_whichever_node_is_cut(cluster: Cluster) -> None:
    """Breaks when a fault of one node looks, to a client on the host, like a fault of everything."""
    for number in (1, 2, 1):
        cluster.cut(number)
        try:
            with socket.create_connection((network.FIRST_SERVICE, 443), timeout=5):
                pass
        finally:
            cluster.heal(number)


def test_up_starts_a_daemon_that_died_and_otherwise_does_nothing(cluster: Cluster) -> None:
    """Breaks when a crash needs a wipe, or when a second `up` restarts what runs."""
    assert cluster.up() is False
    plane = Box("control-plane", cluster.places)
    os.kill(_pid_of(plane, "kube-scheduler"), signal.SIGKILL)
    eventually(lambda: "kube-scheduler" not in plane.daemons(), 5)

    assert cluster.up() is True

    assert "kube-scheduler" in plane.daemons()
    assert cluster.nodes[:3] == [1, 2, 3]


def test_up_recovers_objects_and_nodes_after_the_control_plane_crashed(cluster: Cluster, namespace: str) -> None:
    """Breaks when etcd's data or the nodes' links do not survive a crash of the control plane's machine."""
    pid = Box("control-plane", cluster.places).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: cluster.nodes == [], 5)

    assert cluster.up() is True

    assert cluster.kubectl("get", "namespace", namespace, "--output=name").strip() == f"namespace/{namespace}"
    assert cluster.nodes[:3] == [1, 2, 3]


def test_a_second_sandbox_is_refused_while_one_runs(cluster: Cluster, tmp_path: Path) -> None:
    """Breaks when another state folder would tear the running cluster's link away."""
    other = Cluster(Places(cluster.places.cache, tmp_path / "other"))

    with pytest.raises(SandboxError, match="Another sandbox runs on this machine"):
        other.up(1)
    other.wipe()

    assert cluster.kubectl("get", "--raw=/readyz") == "ok"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["up", "--nodes", "9"], "9 is not in the range 1<=x<=5"),
        (["node-up", "0"], "0 is not in the range 1<=x<=5"),
        (["cut", "5"], "node-5 is switched off; `python -m sandbox node-up 5` switches it on."),
    ],
)
def test_a_wrong_command_is_answered_without_a_traceback(cluster: Cluster, arguments: list[str], message: str) -> None:
    """Breaks when a user's own mistake shows Python's insides."""
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_without_root_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when a user without root is not told about a cluster of their own."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(SandboxError, match="needs root") as refused:
        Cluster()

    assert "make up KUBECONFIG=" in str(refused.value)


def test_an_old_go_on_the_path_is_passed_over_for_the_pinned_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Breaks when a distribution's old Go would be tried and fail in the middle of a build."""
    old = tmp_path / "go"
    old.write_text("#!/bin/sh\necho go1.19.8\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(wheels, "program", lambda wheel, _: Path("/pinned") / wheel.member)

    chosen = go.toolchain(Places(tmp_path, tmp_path))

    assert chosen.command == Path("/pinned/go/bin/go")
    assert go.version_of(old) == "1.19.8"


def test_nothing_is_left_on_the_machine_after_the_end(cluster: Cluster, tmp_path: Path) -> None:
    """Breaks when mounts, links, routes, cgroups or processes outlive `wipe`. Uses a state folder of its own.

    That folder's name is longer than a socket's may be: breaks as well when the state cannot lie deep in a tree.
    """
    state = tmp_path / ("deep-" * 20)
    cluster.down()
    try:
        before = _traces(cluster.places.state)
        other = Cluster(Places(cluster.places.cache, state))
        try:
            other.up(1)
            other.kubectl("run", "one", f"--image={BUSYBOX}", "--restart=Never", "--", "sleep", "3600")
            other.kubectl("wait", "--for=condition=Ready", "pod/one", "--timeout=60s")
            assert _processes_in_cgroup("node-1"), "the pod must be visible, else this test shows nothing"
        finally:
            other.wipe()

        assert _traces(state) == before
        assert before["links"].count(network.LINK) == 0
        assert before["processes"] == before["cgroups"] == []
        assert not state.exists()
    finally:
        cluster.up(3)


def _traces(state: Path) -> dict[str, list[str]]:
    """What a cluster could leave on this machine. Waits for nothing: when `wipe` returns, the end is complete."""
    run = {name: _lines("ip", "-o", "-4", name) for name in ("route", "address")}
    return {
        **run,
        "links": [line.split(": ")[1].split("@")[0] for line in _lines("ip", "-o", "link")],
        "mounts": sorted(Path("/proc/self/mounts").read_text().splitlines()),
        "cgroups": [str(path) for pattern in ("", "*/") for path in cgroups.ROOT.glob(f"{pattern}{cgroups.NAME}")],
        "processes": [
            pid for pid in _pids() if re.search(rf"{state}/(node-|control-plane)", _read(pid, "cmdline").decode())
        ],
        "folders": [
            path
            for path in ("/var/lib/kubelet", "/var/lib/cni", "/opt/cni", "/run/containerd", "/run/netns")
            if Path(path).exists()
        ],
    }


def _lines(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def _pids() -> list[str]:
    return [entry for entry in os.listdir("/proc") if entry.isdigit()]


def _read(pid: str, file: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes()
    except OSError:
        return b""


def _processes_in_cgroup(node: str) -> list[str]:
    return [pid for pid in _pids() if f"/{cgroups.NAME}/{node}/".encode() in _read(pid, "cgroup")]


def _pid_of(box: Box, daemon: str) -> int:
    [pid] = [pid for pid in box.processes() if daemon.encode() in _read(pid, "cmdline").split(b"\0")[0]]
    return int(pid)


def _kubelet_answers(number: int) -> bool:
    try:
        with socket.create_connection((network.node_address(number), 10250), timeout=2):
            return True
    except OSError:
        return False
