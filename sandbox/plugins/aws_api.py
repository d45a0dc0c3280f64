"""The three AWS interfaces that the stand-in needs, over plain HTTP to the sandbox's moto server.

Not boto3: its dependencies and those of the kubernetes client exclude each other, and moto looks at no signature.
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import urllib3

from sandbox.plugins.base import ProviderError

ENDPOINT = "AWS_ENDPOINT_URL"
"""Where moto listens, by the variable that AWS' own tools use for it."""
_QUERY_VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15"}


class AwsError(ProviderError):
    """What AWS refuses, by its own code (`NotFoundException`, `EntityAlreadyExists`)."""

    def __init__(self, action: str, code: str, message: str) -> None:
        super().__init__(f"{action}: {code}: {message}")
        self.code = code

    @property
    def means_gone(self) -> bool:
        """Whether the thing does not exist."""
        return self.code in ("NotFoundException", "NoSuchEntity", "ResourceNotFoundException")


class Aws:
    """Calls in one region."""

    def __init__(self, region: str) -> None:
        self.region = region
        self._endpoint = os.environ.get(ENDPOINT, "")
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(total=30), retries=False)

    def kms(self, action: str, **arguments: Any) -> dict[str, Any]:
        """A call of KMS; arguments and answer as its API reference has them."""
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"TrentService.{action}"}
        answer = self._post("kms", headers, json.dumps(arguments))
        found: dict[str, Any] = json.loads(answer.data or b"{}")
        if answer.status >= 400:
            raise AwsError(f"kms {action}", found.get("__type", "").split("#")[-1], found.get("message", ""))
        return found

    def query(self, service: str, action: str, **arguments: str) -> dict[str, str]:
        """A call of IAM or STS; the answer is every leaf of its XML by name."""
        form = {"Action": action, "Version": _QUERY_VERSIONS[service], **arguments}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._post(service, headers, urlencode(form))
        leaves = _leaves(answer.data)
        if answer.status >= 400:
            raise AwsError(f"{service} {action}", leaves.get("Code", str(answer.status)), leaves.get("Message", ""))
        return leaves

    def _post(self, service: str, headers: dict[str, str], body: str) -> urllib3.BaseHTTPResponse:
        if not self._endpoint:
            raise ProviderError(
                "The sandbox's stand-in for AWS speaks to a moto server only, and none is named. "
                f"Set {ENDPOINT} to its URL, or install the official plugin to reach AWS."
            )
        scope = f"sandbox/20260101/{self.region}/{service}/aws4_request"
        signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}
        try:
            return self._http.request("POST", self._endpoint, body=body, headers={**headers, **signed})
        except urllib3.exceptions.HTTPError:
            raise ProviderError(
                f"Nothing answers at {self._endpoint}. Start moto there, or change {ENDPOINT}."
            ) from None


def _leaves(document: bytes) -> dict[str, str]:
    try:
        root = ElementTree.fromstring(document)  # noqa: S314 - from our own moto
    except ElementTree.ParseError:
        return {}
    return {node.tag.split("}")[-1]: node.text or "" for node in root.iter() if not len(node)}
