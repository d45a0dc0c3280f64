"""What to type after `pulumi up`: to reach the cluster, to log in, to open the UI."""

from __future__ import annotations

from components.kubernetes import pod
from components.tls.trust import client_ca_source
from profiles.layout import API_PORT, Names
from profiles.rendering import shared_server_name
from profiles.specification import Specification


def instructions(specification: Specification) -> str:
    """Commands for a shell that has `kubectl`, `pulumi` and `bao`, run in the project's folder."""
    names = Names.of(specification)
    reach = [
        "# Reach the cluster from this machine",
        f"kubectl --namespace {names.namespace} port-forward {_forwarded(specification)} {API_PORT} &",
        *_trust(specification),
        *_name(specification),
        f"export BAO_ADDR=https://localhost:{API_PORT}",
        "bao status",
    ]
    risk: list[str] = []
    if specification.profile == "Development":
        risk = [
            "",
            "# SECURITY RISK: Development profile. Who can read Secrets in this namespace can read everything that",
            "# OpenBao keeps. Not for production, and it cannot become a Hardened cluster: make a new one for that.",
        ]
    return "\n".join([*reach, "", *_log_in(specification), "", *_user_interface(specification), *risk])


def _forwarded(specification: Specification) -> str:
    names, tls = Names.of(specification), specification.tls
    if tls is not None and tls.mode == "ACME" and shared_server_name(specification) is None:
        return f"pod/{names.pods[0]}"
    # A cluster that nobody initialised has no leader yet.
    service = names.headless_service if specification.bootstrap == "manual" else names.active_service
    return f"service/{service}"


def _trust(specification: Specification) -> list[str]:
    source = client_ca_source(specification)
    if source is None:
        return []
    ours = source.kind == "configMap"
    shown = "pulumi stack output ca_certificate" if ours else _secret(specification, source.name, source.key)
    return [f"{shown} > ca.crt", 'export BAO_CACERT="$PWD/ca.crt"']


def _name(specification: Specification) -> list[str]:
    """Who forwards a port is `localhost`, which only certificates of our own making name."""
    tls, names = specification.tls, Names.of(specification)
    if tls is None or tls.mode == "OperatorManaged":
        return []
    name = shared_server_name(specification) or pod.client_host(specification, names.active_service)
    return [f"export BAO_TLS_SERVER_NAME={name}"]


def _secret(specification: Specification, name: str, key: str) -> str:
    field = key.replace(".", r"\.")
    get = f"kubectl --namespace {specification.namespace_name} get secret {name}"
    return f"{get} --output jsonpath='{{.data.{field}}}' | base64 --decode"


def _log_in(specification: Specification) -> list[str]:
    names = Names.of(specification)
    if specification.bootstrap == "manual":
        return [
            "# Initialise it, once; keep the root token safe and revoke it when you have another way in",
            "bao operator init -recovery-shares=1 -recovery-threshold=1",
        ]
    if specification.bootstrap == "operatorInit":
        token = _secret(specification, names.child("root-token"), "token")
        return ["# Log in with the root token", f'bao login "$({token})"']
    access = specification.self_init
    users = access.userpass.users if access is not None and access.userpass is not None else []
    if not users or access is None or access.userpass is None:
        return ["# Log in by the access method of your specification"]
    user = users[0]
    password = _secret(specification, user.password_secret_ref or names.login_secret(user.username), "password")
    method = f"-method=userpass -path={access.userpass.path}"
    return ["# Log in", f'bao login {method} username={user.username} password="$({password})"']


def _user_interface(specification: Specification) -> list[str]:
    if not specification.configuration.ui:
        return ["# The UI is off (configuration.ui)."]
    return [f"# Open the UI: https://localhost:{API_PORT}/ui (the browser must trust the CA above)"]
