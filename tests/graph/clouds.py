"""A monitor that also answers like the two clouds would: ids and ARNs of the right form, the caller's account."""

from __future__ import annotations

from typing import Any

from pulumi.runtime import mocks

from tests.graph.recorder import Recorder
from tests.graph.tls_objects import Answering

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/openbao-seal-1a2b3c4"
DNS_ROLE = f"arn:aws:iam::{ACCOUNT}:role/openbao-dns01-1a2b3c4"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd"


class CloudRecorder(Recorder):
    """What it does not show: that AWS or Google accept the documents (nothing here can)."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        id, outputs = super().new_resource(args)
        if self.preview:
            return id, outputs
        if args.typ == "aws:iam/role:Role":
            name = f"{args.name}-1a2b3c4"
            outputs |= {"arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "name": name}
        if args.typ == "aws:kms/key:Key":
            outputs |= {"arn": KEY, "keyId": "1234abcd"}
        if args.typ == "gcp:projects/iAMCustomRole:IAMCustomRole":
            outputs |= {"name": f"projects/{outputs['project']}/roles/{outputs['roleId']}"}
        if args.typ == "gcp:kms/keyRing:KeyRing":
            id = f"projects/{outputs['project']}/locations/{outputs['location']}/keyRings/{outputs['name']}"
        if args.typ == "gcp:kms/cryptoKey:CryptoKey":
            id = f"{outputs['keyRing']}/cryptoKeys/{outputs['name']}"
        if args.typ == "gcp:serviceaccount/account:Account":
            outputs |= {"email": f"{outputs['accountId']}@{outputs['project']}.iam.gserviceaccount.com"}
        return id, outputs

    def call(self, args: mocks.MockCallArgs) -> Any:
        if args.token == "aws:index/getCallerIdentity:getCallerIdentity":
            return {"accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/me", "id": ACCOUNT, "userId": "AIDA"}
        return super().call(args)


class AnsweringClouds(CloudRecorder, Answering):
    """Both clouds, and cert-manager."""
