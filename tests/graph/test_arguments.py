"""What a program may pass to a component: late values, secret values, nothing at all, and the wrong thing.

Not proven here: that the engine shows a refusal without a traceback (tests/sandbox does).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, cast

import pulumi
import pytest
from pulumi.output import UNKNOWN

from components import ClusterArgs, DevelopmentVaultCluster, HardenedVaultCluster
from components.arguments import RefusedSpecificationError
from profiles.errors import SpecificationError
from profiles.parsing import parse
from profiles.values import Unknown
from tests.contract.specifications import ACME, DEVELOPMENT, HARDENED, OPEN_TO_TEN, changed
from tests.graph.clouds import CloudRecorder
from tests.graph.recorder import Recorder, run
from tests.graph.trust_roots import AWS_CREATED, GCP_CREATED, PROVIDER

pytestmark = pytest.mark.graph

EVERY_WAY_IN = changed(
    HARDENED,
    {
        "namespace": {"name": "vault"},
        "tls": {"mode": "External", "issuerRef": {"name": "ca"}},
        "selfInit.userpass.users": [
            {"username": "admin", "policies": ["admin"]},
            {"username": "bob", "passwordSecretRef": "bob", "policies": ["admin"]},
        ],
        "selfInit.oidc": {
            "issuer": "https://idp.example.com",
            "clientId": "openbao",
            "clientSecretRef": "oidc",
            "defaultRole": "people",
            "roles": [{"name": "people", "allowedRedirectUris": ["https://bao.example.com/cb"], "policies": ["admin"]}],
        },
        "selfInit.approle": {"roles": [{"name": "machine", "secretIdSecretRef": "machine", "policies": ["admin"]}]},
        "gateway": {"hostname": "bao.example.com", "gatewayRefName": "edge", "tlsPassthrough": True},
        "service": {"type": "LoadBalancer", "annotations": {"a": "b"}, "loadBalancerSourceRanges": ["10.0.0.0/8"]},
        "network.dnsEndpointIps": ["169.254.20.10"],
    },
)
SPECIFICATIONS: dict[str, dict[str, Any]] = {
    "every way in": EVERY_WAY_IN,
    "a key at AWS": changed(
        HARDENED, {"unseal": AWS_CREATED, "unseal.identity": {"irsa": {"oidcProviderArn": PROVIDER}}}
    ),
    "a key at Google": changed(HARDENED, {"unseal": {**GCP_CREATED, "createKey": {"keyRing": "ring"}}}),
    "ACME": changed(HARDENED, {"tls": ACME}),
    "a static key of the user's": changed(
        DEVELOPMENT, {"unseal": {"type": "static", "secretName": "key", "keyId": "1"}, "namespace.create": False}
    ),
    "inline credentials": changed(
        DEVELOPMENT,
        {
            "unseal": {"type": "transit", "address": "https://bao.example.com:8200", "keyName": "k", "token": "t"},
            "network.egressRules": [OPEN_TO_TEN],
        },
    ),
}


def _build(specification: dict[str, Any]) -> None:
    cluster = HardenedVaultCluster if specification["profile"] == "Hardened" else DevelopmentVaultCluster
    cluster("openbao", cast("ClusterArgs", specification))


def _leaves(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _leaves(value, (*path, key))
    else:
        yield path


def _put(specification: dict[str, Any], path: tuple[str | int, ...], make: Callable[[Any], Any]) -> None:
    node: Any = specification
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = make(node[path[-1]])


def _may_be_late(specification: dict[str, Any], path: tuple[str | int, ...]) -> bool:
    late = changed(specification, {})
    _put(late, path, lambda _: Unknown("late"))
    try:
        parse(late)
    except SpecificationError:
        return False
    return True


def _late(specification: dict[str, Any], make: Callable[[Any], Any]) -> dict[str, Any]:
    """Every leaf that may be late made by `make`; the others are refused with their name (tests/contract)."""
    late = changed(specification, {})
    for path in _leaves(specification):
        if _may_be_late(specification, path):
            _put(late, path, make)
    return late


def _made(recorder: Recorder) -> set[tuple[str, str]]:
    return {(item.type, item.name) for item in recorder.registrations}


@pytest.mark.parametrize("specification", SPECIFICATIONS.values(), ids=SPECIFICATIONS)
def test_every_leaf_may_be_known_late(specification: dict[str, Any]) -> None:
    """A program passes names of Secrets, keys and namespaces that it makes itself; a preview knows none of them."""
    plain = run(lambda: _build(specification), preview=True, recorder=CloudRecorder(preview=True))
    late = run(
        lambda: _build(_late(specification, lambda _: pulumi.Output.from_input(UNKNOWN))),
        preview=True,
        recorder=CloudRecorder(preview=True),
    )
    assert _made(late) == _made(plain)


def test_every_leaf_may_be_secret() -> None:
    """Values from encrypted configuration must build the same cluster."""
    plain = run(lambda: _build(EVERY_WAY_IN))
    assert _made(run(lambda: _build(_late(EVERY_WAY_IN, pulumi.Output.secret)))) == _made(plain)


def test_a_leaf_may_be_a_coroutine() -> None:
    """Pulumi's `Input` is a value, an `Output` or an awaitable."""

    async def size() -> str:
        await asyncio.sleep(0)
        return "2Gi"

    recorder = run(lambda: DevelopmentVaultCluster("openbao", {"storage": {"size": size()}}))
    claim = recorder.named(":StatefulSet", "openbao").inputs["spec"]["volumeClaimTemplates"][0]
    assert claim["spec"]["resources"]["requests"]["storage"] == "2Gi"


def test_a_user_whose_password_is_made_has_a_name_at_once() -> None:
    """The Secret is named after the user: a traceback came from deep inside when it was too late."""
    path = "selfInit.userpass.users[0].username"
    late = changed(HARDENED, {path: Unknown(path)})
    with pytest.raises(SpecificationError, match=r"selfInit\.userpass\.users\[0\]\.username"):
        parse(late)


@pytest.mark.parametrize("arguments", [[("replicas", 1)], "replicas: 1", 3], ids=str)
def test_arguments_that_are_no_mapping_are_refused_in_words(arguments: Any) -> None:
    """A TypeError from inside the component would leave its caller guessing."""
    with pytest.raises(RefusedSpecificationError, match="must be a mapping of fields"):
        run(lambda: DevelopmentVaultCluster("openbao", arguments))


@pytest.mark.parametrize("arguments", [None, {"name": None, "replicas": None}], ids=str)
def test_none_is_as_good_as_nothing(arguments: Any) -> None:
    """A name of None once named the cluster after the product, and not after its resource."""
    recorder = run(lambda: DevelopmentVaultCluster("mine", arguments))
    assert recorder.named(":StatefulSet", "mine").inputs["metadata"]["name"] == "mine"


def test_the_component_decides_the_profile() -> None:
    """Arguments that say Hardened must not quietly become a Development cluster."""
    arguments: Any = {"profile": "Hardened"}
    with pytest.raises(RefusedSpecificationError, match="this one is Development"):
        run(lambda: DevelopmentVaultCluster("openbao", arguments))


def test_two_clusters_of_one_name_stand_in_one_program() -> None:
    """One program for two Kubernetes clusters, each with its `openbao`: URNs and hooks must differ, names must not."""

    def program() -> None:
        for place in ("east", "west"):
            DevelopmentVaultCluster(place, {"name": "openbao", "namespace": {"name": f"openbao-{place}"}})

    recorder = run(program)
    urns = [(item.request.parent, item.type, item.name) for item in recorder.registrations]
    assert len(urns) == len(set(urns))
    sets = [item.inputs["metadata"] for item in recorder.of_kind("StatefulSet")]
    names = {(item["name"], item["namespace"]) for item in sets}
    assert names == {("openbao", "openbao-east"), ("openbao", "openbao-west")}
