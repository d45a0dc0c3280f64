"""Recovery keys made inside self-init: encrypted to their people and readable by nobody else."""

from __future__ import annotations

import base64

import pytest
from pysequoia import Tsk, decrypt

from tests.server.binaries import NEWEST, bao
from tests.server.cluster import Cluster
from tests.server.lab import Lab
from tests.server.specifications import ADMIN_PASSWORD, SECRETS, cluster_specification

pytestmark = pytest.mark.server


def test_recovery_shares_are_encrypted_to_their_people(lab: Lab) -> None:
    """Broken: the break-glass keys of the cluster exist nowhere, or self-init fails for good."""
    people = {name: Tsk.generate(name) for name in ("alice", "bob")}
    recipients = [
        {
            "name": name,
            "fingerprint": str(key.extract_certificate().fingerprint),
            "pgpPublicKey": base64.b64encode(bytes(key.extract_certificate())).decode(),
        }
        for name, key in people.items()
    ]
    keys = {"shares": 2, "threshold": 2, "recipients": recipients}
    specification = cluster_specification(replicas=1, recoveryKeys=keys)
    cluster = Cluster(lab, bao(NEWEST), specification, SECRETS)
    cluster.start()
    node = cluster.active()
    status = node.api("GET", "sys/seal-status").json()
    assert (status["recovery_seal"], status["n"], status["t"]) == (True, 2, 2)
    admin = node.login("userpass", "admin", password=ADMIN_PASSWORD.decode())
    backup = node.read("sys/rotate/recovery/backup", admin)["keys_base64"]
    shares = set()
    for key in people.values():
        fingerprint = str(key.extract_certificate().fingerprint).lower()
        message = base64.b64decode(backup[fingerprint][0])
        shares.add(decrypt(message, decryptor=key.decryptor()).bytes or b"")
    assert len(shares) == 2
    assert b"" not in shares
    assert not any(share.decode() in node.log.read_text() for share in shares)
