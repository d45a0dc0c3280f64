"""Certificates, keys and kubeconfigs of the cluster. For this sandbox only: keys lie in the state folder, root only."""

import base64
import datetime
import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox import network
from sandbox.settings import MAX_NODES

PUBLIC_CA = b"""\
-----BEGIN CERTIFICATE-----
MIIBajCCARGgAwIBAgIBATAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBFzYW5kYm94
LXB1YmxpYy1jYTAgFw0yNjAxMDEwMDAwMDBaGA8yMDU2MDEwMTAwMDAwMFowHDEa
MBgGA1UEAwwRc2FuZGJveC1wdWJsaWMtY2EwWTATBgcqhkjOPQIBBggqhkjOPQMB
BwNCAAQoUlDtw7z82QJ7uhIXbTQ6JgNWctW0qBFV1ON6L9ILrnhmwIb0rX6oP3KE
rRBGwXFumxos8e/zI/neRVpU4KuXo0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1Ud
DwEB/wQEAwIBhjAdBgNVHQ4EFgQUVSaN+45nFnw9fdJ/INeKPHriiqkwCgYIKoZI
zj0EAwIDRwAwRAIgRhl2xIAXD0mLQD3T2gxjFMTz4TYzL++M2qb+6uHteEkCIAkR
hHtEn/4bbl0vpXpx/PTBWKJx7e7plIToTjDpgFsW
-----END CERTIFICATE-----
"""
"""Whom the sandbox's OpenBao images trust where upstream's trust the public CAs. Its key is no secret, and always the
same: an image that trusts it has the same digest on every machine."""

_LIFETIME = datetime.timedelta(days=3650)  # state outlives restarts, and nothing here rotates


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, both PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """A certificate authority with an EC P-256 key."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = (
            _builder(_name(name, ()), _name(name, ()), self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    @classmethod
    def public(cls) -> Self:
        """The one of `PUBLIC_CA`, for what stands in for services of the internet."""
        made = cls.__new__(cls)
        made._key = ec.derive_private_key(2**200, ec.SECP256R1())
        made._certificate = x509.load_pem_x509_certificate(PUBLIC_CA)
        return made

    @property
    def pair(self) -> Pair:
        """Its own certificate and key."""
        return Pair(self._certificate.public_bytes(serialization.Encoding.PEM), _key_pem(self._key))

    def issue(self, name: str, groups: tuple[str, ...] = (), hosts: tuple[str, ...] = ()) -> Pair:
        """A certificate for server and client use; Kubernetes reads user and groups from name and organisations."""
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = (
            _builder(_name(name, groups), self._certificate.subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if hosts:
            names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return Pair(certificate.public_bytes(serialization.Encoding.PEM), _key_pem(key))


def create(folder: Path) -> None:
    """Everything control plane and nodes need, below ``folder``; takes about 0.1 s. Does nothing when it is there."""
    done = folder / "complete"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority, front_proxy = Authority("sandbox-ca"), Authority("sandbox-front-proxy-ca")
    _write_pair(folder, "ca", authority.pair)
    _write_pair(folder, "front-proxy-ca", front_proxy.pair)
    _write_pair(folder, "front-proxy", front_proxy.issue("front-proxy-client"))
    service = "kubernetes.default.svc"
    addresses = ("127.0.0.1", network.CONTROL_PLANE, network.FIRST_SERVICE)
    names = ("localhost", "kubernetes", "kubernetes.default", service, f"{service}.cluster.local")
    _write_pair(folder, "apiserver", authority.issue("kube-apiserver", hosts=(*addresses, *names)))
    _write_pair(folder, "apiserver-kubelet", authority.issue("kube-apiserver-kubelet-client", ("system:masters",)))
    _write_token_keys(folder)
    for number in range(1, MAX_NODES + 1):
        _create_node(folder, authority, number)
    users: dict[str, tuple[str, tuple[str, ...]]] = {
        "controller-manager": ("system:kube-controller-manager", ()),
        "scheduler": ("system:kube-scheduler", ()),
        "proxy": ("system:kube-proxy", ()),
        "coredns": ("system:coredns", ()),
        "admin": ("sandbox-admin", ("system:masters",)),
    }
    for file, (user, groups) in users.items():
        _write_kubeconfig(folder / f"{file}.kubeconfig", authority.pair.certificate, authority.issue(user, groups))
    done.touch()


def _create_node(folder: Path, authority: Authority, number: int) -> None:
    name, user = network.node_name(number), f"system:node:{network.node_name(number)}"
    hosts = (name, network.node_address(number), "127.0.0.1")
    _write_pair(folder, f"kubelet-{number}", authority.issue(user, ("system:nodes",), hosts))
    client = authority.issue(user, ("system:nodes",))
    _write_kubeconfig(folder / f"node-{number}.kubeconfig", authority.pair.certificate, client)


def _write_token_keys(folder: Path) -> None:
    """The keys that sign and verify ServiceAccount tokens (ES256)."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    _write(folder / "service-account.key", _key_pem(key))
    _write(folder / "service-account.pub", public)


def _write_kubeconfig(path: Path, authority: bytes, client: Pair) -> None:
    cluster = {"server": network.API, "certificate-authority-data": _base64(authority)}
    user = {"client-certificate-data": _base64(client.certificate), "client-key-data": _base64(client.key)}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "openbao-sandbox", "cluster": cluster}],
        "users": [{"name": path.stem, "user": user}],
        "contexts": [{"name": "openbao-sandbox", "context": {"cluster": "openbao-sandbox", "user": path.stem}}],
        "current-context": "openbao-sandbox",
    }
    _write(path, json.dumps(config, indent=1).encode())


def _write_pair(folder: Path, name: str, pair: Pair) -> None:
    _write(folder / f"{name}.crt", pair.certificate)
    _write(folder / f"{name}.key", pair.key)


def _write(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + _LIFETIME)
    )


def _name(common: str, organisations: tuple[str, ...]) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation) for organisation in organisations]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
