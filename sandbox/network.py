"""Addresses and links of the cluster. The control plane's box is the switch; the host has one link into it."""

import ipaddress
import json

from sandbox import commands
from sandbox.errors import SandboxError
from sandbox.settings import MAX_NODES

LINK = "openbao-sandbox"
"""The host's only link (15 characters is the kernel's limit)."""
BRIDGE = "br0"
BRIDGE_MAC = "02:00:0a:7b:00:02"
MACHINES = "10.123.0.0/24"
HOST, CONTROL_PLANE, DNS = "10.123.0.1", "10.123.0.2", "10.123.0.53"
API_PORT = 7443
API = f"https://{CONTROL_PLANE}:{API_PORT}"
PODS, SERVICES, FIRST_SERVICE = "10.244.0.0/16", "10.96.0.0/16", "10.96.0.1"


def node_name(number: int) -> str:
    """Name of node 1 to 5, in Kubernetes, as host name and as its port on the switch."""
    return f"node-{number}"


def node_address(number: int) -> str:
    """Address of a node on the switch."""
    return f"10.123.0.{10 + number}"


def pod_range(number: int) -> str:
    """Addresses of the pods on a node."""
    return f"10.244.{number}.0/24"


def pod_routes(but: int | None = None) -> str:
    """A script that adds the routes to the pods of every node (``but`` one: its own)."""
    numbers = (number for number in range(1, MAX_NODES + 1) if number != but)
    return "; ".join(f"ip route replace {pod_range(number)} via {node_address(number)}" for number in numbers)


def require_free_ranges() -> None:
    """Raises SandboxError when this machine already routes one of our ranges elsewhere."""
    for route in json.loads(commands.run(["ip", "-j", "-4", "route"])):
        if route["dst"] == "default" or route.get("dev") == LINK:
            continue
        there = ipaddress.ip_network(route["dst"], strict=False)
        for ours in (MACHINES, PODS, SERVICES):
            if there.overlaps(ipaddress.ip_network(ours)):
                raise SandboxError(
                    f"The sandbox uses the addresses {ours}, but this machine routes {there} to {route.get('dev')}. "
                    "Take that link down while the sandbox runs, or use a cluster of your own."
                )


def connect_host(control_plane_pid: int) -> None:
    """Link the host and the control plane's box. Ends with that box."""
    commands.run(["ip", "link", "add", LINK, "type", "veth", "peer", "name", "up0", "netns", str(control_plane_pid)])
    commands.run(["ip", "addr", "add", f"{HOST}/24", "dev", LINK])
    commands.run(["ip", "link", "set", LINK, "up"])


def route_host() -> None:
    """Routes from the host to pods and services, so that tests reach them; they vanish with the link."""
    commands.run(["sh", "-ec", pod_routes()])
    route_services(1)


def route_services(number: int) -> None:
    """Let the host reach Services through this node, whose kube-proxy knows them."""
    commands.run(["ip", "route", "replace", SERVICES, "via", node_address(number)])


def serves_host(number: int) -> bool:
    """Whether the host reaches Services through this node."""
    routes = json.loads(commands.run(["ip", "-j", "route", "show", SERVICES]))
    return [route.get("gateway") for route in routes] == [node_address(number)]


def disconnect_host() -> None:
    """Remove the host's link, if it is there, and its routes with it."""
    if is_connected():
        try:
            commands.run(["ip", "link", "del", LINK])
        except SandboxError:  # it went with the control plane's box in just this moment
            if is_connected():
                raise


def is_connected() -> bool:
    """Whether the host has the link of a sandbox, of whatever state folder."""
    return any(link["ifname"] == LINK for link in json.loads(commands.run(["ip", "-j", "link"])))


def switch_script() -> str:
    """Run in the control plane's box: the bridge. Its MAC is fixed, because it would else change as nodes join."""
    return (
        f"ip link add {BRIDGE} address {BRIDGE_MAC} type bridge; ip link set up0 master {BRIDGE} up; "
        f"ip addr add {CONTROL_PLANE}/24 dev {BRIDGE}; ip addr add {DNS}/32 dev {BRIDGE}; ip link set {BRIDGE} up; "
        f"ip route add default via {HOST}; {pod_routes()}"
    )


def port_script(number: int, node_pid: int) -> str:
    """Run in the control plane's box: a port of the switch for a node, replacing what a lost node left."""
    port = node_name(number)
    return (
        f"ip link del {port} 2>/dev/null || true; ip link add {port} type veth peer name eth0 netns {node_pid}; "
        f"ip link set {port} master {BRIDGE} up"
    )


def node_script(number: int) -> str:
    """Run in a node's box: its end of the link."""
    return (
        f"ip addr add {node_address(number)}/24 dev eth0; ip link set eth0 up; "
        f"ip route add default via {HOST}; {pod_routes(but=number)}"
    )
