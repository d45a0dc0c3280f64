"""Certificates that somebody else signs: an existing Secret, or cert-manager with an existing or a new issuer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pulumi

from components.arguments import RefusedSpecificationError
from components.kubernetes.objects import Objects
from components.tls import Certificates, issued, issuers
from components.tls.inspection import ends, is_ending, secret_problems
from components.tls.names import required_names
from profiles.errors import SpecificationError
from profiles.rules.server import seconds
from profiles.specification import Specification
from profiles.specification.tls import ExternalTls
from profiles.values import Unknown


def create(objects: Objects, specification: Specification, resolved: pulumi.Output[Specification]) -> Certificates:
    """The certificate of mode External: used as it is, or issued by cert-manager before the pods start."""
    tls = specification.tls
    if not isinstance(tls, ExternalTls):
        raise TypeError("external certificates need tls.mode External")
    if tls.secret_name is not None:
        return _existing(objects, tls, resolved)
    if tls.issuer is None:
        return issued.server_certificate(objects, {})
    signer = issuers.create(objects, tls.issuer)
    return issued.server_certificate(objects, issuers.issuer_ref(objects.child(issuers.SUFFIX), tls.issuer), [signer])


@dataclass(frozen=True)
class _Facts:
    """What a reader of the Secret may tell everybody."""

    serial: str
    expires: str
    ca: str


def _existing(objects: Objects, tls: ExternalTls, resolved: pulumi.Output[Specification]) -> Certificates:
    """The user's Secret; looked at before pods depend on it, wherever it can be there already.

    In a namespace that this stack creates nothing can be, unless the same program makes the Secret and passes its name.
    """
    name = resolved.apply(_secret_name)
    if objects.specification.namespace.create and not isinstance(tls.secret_name, Unknown):
        return Certificates(secret=name)
    content = objects.existing_secret("tls-existing", name)

    def look(parts: Mapping[str, Any]) -> _Facts:
        known, found = parts["known"], parts["content"]
        now = datetime.now(UTC)
        problems = secret_problems(found, required_names(known), now)
        if problems:
            raise RefusedSpecificationError(SpecificationError(problems), f'cluster "{known.name}"')
        _warn(objects, known, found["tls.crt"], now)
        serial = hashlib.sha256(found["tls.crt"].encode()).hexdigest()[:12]
        return _Facts(serial, ends(found["tls.crt"]).isoformat(), found["ca.crt"])

    # Certificates are public, and nothing else of the Secret is in the facts.
    facts = pulumi.Output.unsecret(pulumi.Output.all(known=resolved, content=content).apply(look))
    return Certificates(
        secret=name,
        ca=facts.apply(lambda seen: seen.ca),
        serial=facts.apply(lambda seen: seen.serial),
        expires=facts.apply(lambda seen: seen.expires),
        checked=facts.apply(lambda _: True),
    )


def _secret_name(known: Specification) -> str:
    if not isinstance(known.tls, ExternalTls) or known.tls.secret_name is None:
        raise TypeError("an existing certificate needs tls.secretName")
    return known.tls.secret_name


def _warn(objects: Objects, known: Specification, pem: str, now: datetime) -> None:
    renew_before = known.tls.renew_before if isinstance(known.tls, ExternalTls) else "0h"
    end = ends(pem)
    if is_ending(end, timedelta(seconds=seconds(renew_before)), now):
        issued.warn_of_end(objects.parent, end.isoformat(), "Put a new one into the Secret that tls.secretName names.")
