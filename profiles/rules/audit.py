"""Audit devices: at least one, the same on every node, and openable at the very first start."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

import re
from collections.abc import Iterator

from profiles.layout import DATA_DIR
from profiles.rules.rule import Breach, Case, each, rule
from profiles.specification.server import AuditDevice

_REQUIRED = {"file": "file_path", "socket": "address", "http": "uri"}
_BOOLEAN = ("true", "false", "1", "t", "T", "TRUE", "True", "0", "f", "F", "FALSE", "False")
_VALUES = {
    "format": ("json", "jsonx"),
    "socket_type": ("tcp", "udp", "unix"),
    "log_raw": _BOOLEAN,
    "hmac_accessor": _BOOLEAN,
    "elide_list_responses": _BOOLEAN,
}
_FINAL = "A device that cannot be opened at the first start loses the bootstrap for good."


@rule(
    "openbao.audit.device",
    "Every request is audited",
    since="ours",
    fields=("audit",),
    reason="Without an audit device nobody can say afterwards who did what, and the bootstrap cannot be proven.",
    way_out="Remove `audit` (standard output is the default), or add a device that keeps what it gets.",
)
def audited(case: Case) -> Iterator[Breach]:
    if not any(_keeps(device) for device in case.spec.audit):
        yield Breach("audit")


def _keeps(device: AuditDevice) -> bool:
    return not (device.type == "file" and str(device.options.get("file_path", "")) == "discard")


@rule(
    "openbao.audit.options",
    "Audit devices have what they need",
    since="ours",
    fields=("audit",),
    reason=_FINAL,
    way_out="Give the device its options: file_path (file), address (socket), uri (http); never `prefix`.",
)
def audit_options(case: Case) -> Iterator[Breach]:
    def look(index: int, device: AuditDevice) -> Iterator[Breach]:
        if device.type == "syslog":
            reason = f"No pod has a syslog socket to open. {_FINAL}"
            yield Breach(f"audit[{index}].type", reason, "Use a file device on `stdout`, or a socket or http device.")
        needed = _REQUIRED.get(device.type)
        if needed is not None and needed not in device.options:
            yield Breach(f"audit[{index}].options", f"A {device.type} device needs the option `{needed}`. {_FINAL}")
        if "prefix" in device.options:
            path = f"audit[{index}].options.prefix"
            yield Breach(path, f"OpenBao refuses `prefix` by default. {_FINAL}", "Remove it.")
        mode = device.options.get("mode")
        if mode is not None and not re.fullmatch(r"0?[0-7]{3,4}", str(mode)):
            yield Breach(f"audit[{index}].options.mode", "This is no file mode.", "Write it in octal, like `0600`.")
        for name, allowed in _VALUES.items():
            if str(device.options.get(name, allowed[0])) not in allowed:
                reason = f"OpenBao cannot read this option. {_FINAL}"
                yield Breach(f"audit[{index}].options.{name}", reason, f"Write {' or '.join(allowed[:2])}.")

    yield from each(case.spec.audit, look)


@rule(
    "openbao.audit.writable",
    "Audit files have a place",
    since="ours",
    fields=("audit",),
    reason=f"The pods' root is read-only; only the data volume can be written. {_FINAL}",
    way_out=f"Use file_path `stdout`, or a file below {DATA_DIR}/, but not in {DATA_DIR}/raft/.",
)
def audit_writable(case: Case) -> Iterator[Breach]:
    def look(index: int, device: AuditDevice) -> Iterator[Breach]:
        path = str(device.options.get("file_path", "stdout"))
        below = path.startswith(f"{DATA_DIR}/") and not path.startswith(f"{DATA_DIR}/raft/")
        below = below and ".." not in path and not path.endswith("/")
        if device.type == "file" and path not in ("stdout", "discard") and not below:
            yield Breach(f"audit[{index}].options.file_path")

    yield from each(case.spec.audit, look)


@rule(
    "openbao.audit.names",
    "Audit devices have names of their own",
    since="ours",
    fields=("audit",),
    reason="The name becomes part of the device's path, which must be plain and unique.",
    way_out="Use letters, digits, dashes and underscores, and another name for each device.",
)
def audit_names(case: Case) -> Iterator[Breach]:
    seen: set[str] = set()

    def look(index: int, device: AuditDevice) -> Iterator[Breach]:
        name = str(device.name)
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) or name in seen:
            yield Breach(f"audit[{index}].name")
        seen.add(name)

    yield from each(case.spec.audit, look)


@rule(
    "openbao.audit.raw",
    "The audit log holds no secrets",
    since="ours",
    scope="Hardened",
    fields=("audit",),
    reason="With log_raw every token and secret is written to the log in clear text.",
    way_out="Remove the option log_raw; hashed values can still be compared.",
)
def audit_hashed(case: Case) -> Iterator[Breach]:
    def look(index: int, device: AuditDevice) -> Iterator[Breach]:
        if str(device.options.get("log_raw", "false")).lower() not in ("false", "0", "f"):
            yield Breach(f"audit[{index}].options.log_raw")

    yield from each(case.spec.audit, look)


@rule(
    "openbao.audit.second-device",
    "A remote device is not alone",
    since="ours",
    fields=("audit",),
    reason="When the only device is remote, its failure stops every request, and at the first start the bootstrap.",
    way_out="Keep a file device on stdout beside it.",
    advice=True,
)
def not_only_remote(case: Case) -> Iterator[Breach]:
    if case.spec.audit and all(device.type in ("socket", "http") for device in case.spec.audit):
        yield Breach("audit")
