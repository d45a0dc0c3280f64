"""Hardened clusters on other trust roots, and a new release under a writer.

Not proven here: AWS itself (moto plays it and checks neither signatures nor policies), KMIP servers other than PyKMIP.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import images
from sandbox.cluster import Cluster
from sandbox.plugins.aws_api import ENDPOINT, Aws
from tests.sandbox.client import Writer
from tests.sandbox.trust.figures import Figures, keep
from tests.sandbox.trust.hardened import Hardened, hardened_cluster, transit_cluster
from tests.sandbox.trust.kmip import kmip_root
from tests.sandbox.trust.link import Link
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


def _prove(hard: Hardened, seal: str) -> None:
    """`up`, a login, and a pod that opens the barrier again."""
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
        before = hard.objects()
        refused = hard.stack.pulumi("destroy", "--yes", "--skip-preview", expected=None)
        assert refused.code != 0
        assert "unprotect" in refused.text
        assert hard.objects() == before
    finally:
        hard.remove()


def test_a_kmip_server_unseals_a_cluster(cluster: Cluster, tmp_path: Path, lab: Lab) -> None:
    """Broken: the client certificate of the Secret does not reach the seal."""
    with kmip_root(lab) as root:
        hard = hardened_cluster(cluster, tmp_path / "stack", "hard-kmip", root.unseal, root.credentials, root.port)
        _prove(hard, "kmip")


def test_a_key_that_the_same_up_creates_at_aws_unseals_a_cluster_of_2_6(
    cluster: Cluster, tmp_path: Path, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken: the created key does not reach the seal, or it goes when the stack goes, and the data with it."""
    moto = Moto(lab)
    monkeypatch.setenv(ENDPOINT, moto.endpoint)
    aws = Aws(REGION)
    user = aws.query("iam", "CreateUser", UserName="openbao")["Arn"]
    host, _, port = moto.endpoint.removeprefix("http://").partition(":")
    with Link((host, int(port))) as link:
        unseal = {
            "type": "awskms",
            "region": REGION,
            "createKey": {"users": [user]},
            "endpoint": f"http://{link.host}:{link.port}",
            "credentialsSecretRef": CREDENTIALS,
        }
        secret = {"AWS_ACCESS_KEY_ID": "AKIACANARY", "AWS_SECRET_ACCESS_KEY": "aws-canary"}
        hard = hardened_cluster(cluster, tmp_path / "stack", "hard-aws", unseal, secret, link.port, "2.6.2")
        hard.change({}, **{"aws:region": REGION})
        _prove(hard, "awskms (OpenBao 2.6.2)")
        key = aws.kms("DescribeKey", KeyId="alias/openbao-hard-aws")["KeyMetadata"]
    assert key["KeyState"] == "Enabled", "the stack took its key with it"


def test_a_new_release_rolls_out_under_a_writer_and_loses_no_write(cluster: Cluster, tmp_path: Path) -> None:
    """An upgrade that needs a maintenance window is put off, and so are its security fixes."""
    with transit_server(cluster, tmp_path / "transit") as transit:
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
            lost = writer.lost()
            FIGURES["OpenBao 2.6.2 to 2.7.2"] = {
                "longest write gap": writer.longest_gap(),
                "seconds": seconds,
                "acknowledged writes": len(writer.acknowledged),
                "lost": len(lost),
            }
            assert not lost
            assert writer.longest_gap() < 15
            assert hard.client.call("GET", "sys/seal-status")[1]["version"] == "2.7.2"
        finally:
            hard.remove()
