"""PyKMIP in a process of its own: `serve ADDRESS FOLDER`, and `create-key ADDRESS FOLDER`, which prints the key's id.

A process, because PyKMIP warns of its own deprecations and cannot be stopped in a thread.
"""

from __future__ import annotations

import sys
from pathlib import Path

PORT = 5696


def serve(address: str, folder: Path) -> None:
    """Serve until ended, with client certificates of the folder's CA only."""
    from kmip.services.server import KmipServer  # type: ignore[import-untyped]

    policies = folder / "policies"
    policies.mkdir(exist_ok=True)
    server = KmipServer(
        hostname=address,
        port=PORT,
        certificate_path=str(folder / "server.crt"),
        key_path=str(folder / "server.key"),
        ca_path=str(folder / "ca.crt"),
        auth_suite="TLS1.2",
        config_path=None,
        log_path=str(folder / "server.log"),
        policy_path=str(policies),
        enable_tls_client_auth=True,
        database_path=str(folder / "keys.db"),
    )
    with server:
        server.serve()


def create_key(address: str, folder: Path) -> None:
    """Create and activate an AES-256 key that may encrypt and decrypt."""
    from kmip.core import enums  # type: ignore[import-untyped]
    from kmip.pie.client import ProxyKmipClient  # type: ignore[import-untyped]

    client = ProxyKmipClient(
        hostname=address,
        port=PORT,
        cert=str(folder / "client.crt"),
        key=str(folder / "client.key"),
        ca=str(folder / "ca.crt"),
        ssl_version="PROTOCOL_TLSv1_2",
    )
    usage = [enums.CryptographicUsageMask.ENCRYPT, enums.CryptographicUsageMask.DECRYPT]
    with client:
        key_id = client.create(enums.CryptographicAlgorithm.AES, 256, cryptographic_usage_mask=usage)
        client.activate(key_id)
    print(key_id)


if __name__ == "__main__":
    {"serve": serve, "create-key": create_key}[sys.argv[1]](sys.argv[2], Path(sys.argv[3]))
