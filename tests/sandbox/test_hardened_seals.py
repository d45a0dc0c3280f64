"""Hardened clusters on other trust roots, and a new release under a writer.

Not proven here: AWS itself (moto plays it and checks neither signatures nor policies; that it refuses a disabled key is
played here), upstream's build of the plugin, KMIP servers other than PyKMIP.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox import images
from sandbox.cluster import Cluster
from sandbox.network import HOST
from sandbox.plugins.aws_api import ENDPOINT, Aws
from tests.sandbox.client import Writer, until
from tests.sandbox.figures import Figures, checked, keep
from tests.sandbox.trust.aws import kms_for_pods
from tests.sandbox.trust.aws import plugin as aws_plugin
from tests.sandbox.trust.hardened import Hardened, hardened_cluster, transit_cluster
from tests.sandbox.trust.kmip import kmip_root
from tests.sandbox.trust.production import CREDENTIALS
from tests.sandbox.trust.transit import transit_server
from tests.server.lab import Lab
from tests.server.services import Moto

pytestmark = pytest.mark.sandbox

REGION = "eu-central-1"
FIGURES: Figures = {}


@pytest.fixture(scope="module", autouse=True)
def _figures() -> Iterator[None]:
    yield
    keep("hardened", FIGURES)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Processes on this machine that end with the test."""
    (tmp_path / "lab").mkdir()
    with Lab(tmp_path / "lab") as made:
        yield made


@contextmanager
def _proven(hard: Hardened, seal: str) -> Iterator[Hardened]:
    """`up`, a login, a pod that opens the barrier again, and a destroy that is refused; the end removes all of it."""
    try:
        began = time.monotonic()
        hard.stack.up()
        FIGURES[f"up to a proven cluster of three, {seal}"] = {"seconds": time.monotonic() - began}
        hard.client.log_in()
        assert hard.healthy()
        assert hard.client.call("GET", "sys/seal-status")[1]["type"] == seal.split(maxsplit=1)[0]
        assert hard.stack.outputs()["production_ready"] is True
        hard.replaced(hard.client.leader())
        hard.settled()
        _refuses_to_go(hard)
        yield hard
    finally:
        hard.remove()


def _refuses_to_go(hard: Hardened) -> None:
    """`pulumi destroy` touches nothing and says how one would really do it."""
    before = hard.objects()
    refused = hard.stack.pulumi("destroy", "--yes", "--skip-preview", expected=None)
    assert refused.code != 0
    assert "unprotect" in refused.text
    assert hard.objects() == before


def test_a_kmip_server_unseals_a_cluster(cluster: Cluster, tmp_path: Path, lab: Lab) -> None:
    """Broken: the client certificate of the Secret does not reach the seal."""
    with kmip_root(lab) as root:
        hard = hardened_cluster(cluster, tmp_path / "stack", "hard-kmip", root.unseal, root.credentials, root.port)
        with _proven(hard, "kmip"):
            pass


@pytest.fixture
def aws(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """An account at AWS, as moto plays it, for this test and for the provider of its stack."""
    monkeypatch.setenv(ENDPOINT, Moto(lab).endpoint)
    return Aws(REGION)


@contextmanager
def _with_a_key_of_its_own(
    cluster: Cluster, folder: Path, aws: Aws, name: str, version: str, plugin: dict[str, Any] | None = None
) -> Iterator[Hardened]:
    """A proven cluster whose key its own `up` created; it is gone afterwards, and its key is not."""
    user = aws.query("iam", "CreateUser", UserName="openbao")["Arn"]
    with kms_for_pods(os.environ[ENDPOINT], aws) as port:
        unseal = {
            "type": "awskms",
            "region": REGION,
            "createKey": {"users": [user]},
            "endpoint": f"https://{HOST}:{port}",
            "credentialsSecretRef": CREDENTIALS,
            **({"plugin": plugin} if plugin else {}),
        }
        secret = {"AWS_ACCESS_KEY_ID": "AKIACANARY", "AWS_SECRET_ACCESS_KEY": "aws-canary"}
        hard = hardened_cluster(cluster, folder / "stack", name, unseal, secret, port, version)
        hard.change({}, **{"aws:region": REGION})
        with _proven(hard, f"awskms (OpenBao {version})"):
            yield hard
    assert _key_state(aws, name) == "Enabled", "the stack took its key with it"


def _key_state(aws: Aws, name: str) -> str:
    return str(aws.kms("DescribeKey", KeyId=f"alias/openbao-{name}")["KeyMetadata"]["KeyState"])


def test_a_key_that_the_same_up_creates_at_aws_unseals_a_cluster_of_2_6(
    cluster: Cluster, tmp_path: Path, aws: Aws
) -> None:
    """Broken: the created key does not reach the seal, or it goes when the stack goes, and the data with it."""
    with _with_a_key_of_its_own(cluster, tmp_path, aws, "hard-aws", "2.6.2"):
        pass


def test_a_plugin_out_of_its_own_image_unseals_a_cluster_of_2_7_and_obeys_a_disabled_key(
    cluster: Cluster, tmp_path: Path, aws: Aws
) -> None:
    """Broken: no cloud seal on 2.7, since the plugin does not reach the pod or cannot run there; a key that can be
    destroyed by a slip; or a key that was disabled by mistake, and no way back."""
    with _with_a_key_of_its_own(cluster, tmp_path, aws, "hard-plugin", "2.7.2", aws_plugin(cluster)) as hard:
        started = hard.client.kubectl("logs", hard.pods[0], "--tail=-1")
        assert "builtin: false" in started, "the seal did not come from the plugin"
        [key] = hard.stack.resources("aws:kms/key:Key")
        assert (key["protect"], key["retainOnDelete"]) == (True, True), "a slip would destroy the key"
        _obeys_a_disabled_key(hard, aws)


def _obeys_a_disabled_key(hard: Hardened, aws: Aws) -> None:
    pod = next(pod for pod in hard.pods if pod != hard.client.leader())
    key = aws.kms("DescribeKey", KeyId=f"alias/openbao-{hard.name}")["KeyMetadata"]["KeyId"]
    with Writer(hard.client) as writer:
        aws.kms("DisableKey", KeyId=key)
        try:
            time.sleep(3)
            assert [hard.health(pod) for pod in hard.pods] == [200, 200, 200], "running pods need the key"
            hard.replaced(pod)
            until(lambda: "DisabledException" in hard.client.kubectl("logs", pod), "the reason in the pod's log", 60)
        finally:
            aws.kms("EnableKey", KeyId=key)
        seconds = hard.settled()
    FIGURES["key disabled at AWS while a pod starts: until it is enabled again"] = checked(writer, seconds)


def test_a_new_release_rolls_out_under_a_writer_and_loses_no_write(cluster: Cluster, tmp_path: Path) -> None:
    """An upgrade that needs a maintenance window is put off, and so are its security fixes."""
    with transit_server(tmp_path / "transit") as transit:
        hard = transit_cluster(cluster, tmp_path / "stack", transit, "hard-aged", version="2.6.2")
        try:
            hard.stack.up()
            hard.client.log_in()
            hard.change({"version": "2.7.2", "image": {"digest": images.digest("openbao", "2.7.2")}})
            with Writer(hard.client) as writer:
                began = time.monotonic()
                hard.stack.up()
                seconds = time.monotonic() - began
                assert hard.healthy()
                time.sleep(1)
            FIGURES["OpenBao 2.6.2 to 2.7.2"] = checked(writer, seconds)
            assert hard.client.call("GET", "sys/seal-status")[1]["version"] == "2.7.2"
        finally:
            hard.remove()
