"""The life of one Hardened cluster through the real engine, on real pods: OpenBao unsealed by another OpenBao.

Not proven here: the official provider plugins (stand-ins serve), a transit server that is itself highly available, and
NetworkPolicy enforcement.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator

import pytest
from pysequoia import Tsk, decrypt

from sandbox.cluster import Cluster
from tests.sandbox.client import Writer, until
from tests.sandbox.figures import Figures, checked, keep
from tests.sandbox.trust.canaries import leaks
from tests.sandbox.trust.hardened import Hardened, transit_cluster
from tests.sandbox.trust.link import Mode
from tests.sandbox.trust.production import AUDIENCE, CREDENTIALS, recovery_keys
from tests.sandbox.trust.transit import Transit, transit_server

pytestmark = [pytest.mark.sandbox, pytest.mark.alone]

NAME = "hard"
FIGURES: Figures = {}
PEOPLE = {name: Tsk.generate(name) for name in ("alice", "bob")}


@pytest.fixture(scope="module")
def transit(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transit]:
    with transit_server(tmp_path_factory.mktemp("transit")) as server:
        yield server


@pytest.fixture(scope="module")
def hard(cluster: Cluster, transit: Transit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hardened]:
    """Three replicas, proven; later tests build on earlier ones, as a cluster's life does."""
    keys = recovery_keys(PEOPLE)
    made = transit_cluster(cluster, tmp_path_factory.mktemp(NAME), transit, NAME, recoveryKeys=keys)
    try:
        began = time.monotonic()
        made.stack.up()
        made.client.log_in()
        assert made.healthy()
        FIGURES["up to a proven Hardened cluster of three"] = {"seconds": time.monotonic() - began}
        yield made
    finally:
        made.remove()
        keep("hardened", FIGURES)


@pytest.fixture
def settled(hard: Hardened) -> Hardened:
    """The same cluster, logged in to, with three healthy voters."""
    hard.client.log_in()
    hard.settled()
    return hard


def test_up_ends_with_a_proven_cluster_that_is_ready_for_production(settled: Hardened) -> None:
    """Without the proof, `up` would call a locked-out cluster a success."""
    log = settled.client.kubectl("logs", f"job/{NAME}-proof")
    for point in ("version 2.7.2, seal transit", "voters: 3 of 3", "root tokens: none alive", "proof: complete"):
        assert point in log
    outputs = settled.stack.outputs()
    assert outputs["production_ready"] is True
    assert outputs["security_risk"] == ""
    assert outputs["key_id"] == f"transit/keys/{NAME}"
    nodes = {pod["spec"]["nodeName"] for pod in settled.client.pods().values()}
    assert len(nodes) == 3, "a lost node would take more than one voter"


def test_no_root_token_lives_and_the_audit_log_tells_how_it_went(settled: Hardened) -> None:
    """A root token that survives the bootstrap opens everything, for ever, to whoever finds it."""
    accessors = settled.client.call("LIST", "auth/token/accessors")[1]["data"]["keys"]
    for accessor in accessors:
        status, answer = settled.client.call("POST", "auth/token/lookup-accessor", {"accessor": accessor})
        assert status in {200, 403, 404}  # gone in between
        assert status != 200 or "root" not in answer["data"]["policies"]
    entries = _audit(settled)
    ids = [entry["request"]["id"] for entry in entries]
    ours = [number for number, name in enumerate(ids) if name.startswith("initialize[")]
    assert ours, "the bootstrap's own requests are not in the audit log"
    assert any("userpass" in ids[number] for number in ours)
    revoked = ids.index("self-init-revoke-root")
    assert revoked > max(ours), "the bootstrap's token was used after it was revoked"
    assert not any("root" in entry.get("auth", {}).get("policies", []) for entry in entries[revoked + 2 :])


def _audit(hard: Hardened) -> list[dict[str, dict[str, str]]]:
    lines = hard.client.kubectl("logs", f"{NAME}-0").splitlines()
    entries = (json.loads(line) for line in lines if line.startswith("{"))
    return [entry for entry in entries if entry.get("type") in {"request", "response"} and "request" in entry]


def test_no_secret_reaches_state_config_maps_events_or_logs(settled: Hardened) -> None:
    """A leaked seal token or password is the whole product failing."""
    assert leaks(settled.client, settled.stack) == []


def test_recovery_shares_can_be_decrypted_by_their_people_and_by_nobody_else(settled: Hardened) -> None:
    """Without them the seal can never be migrated; in clear text they would open everything."""
    status = settled.client.call("GET", "sys/seal-status")[1]
    assert (status["recovery_seal"], status["n"], status["t"]) == (True, 2, 2)
    backup = settled.client.call("GET", "sys/rotate/recovery/backup")[1]["data"]["keys_base64"]
    shares = set()
    for person in PEOPLE.values():
        message = base64.b64decode(backup[str(person.extract_certificate().fingerprint).lower()][0])
        shares.add(decrypt(message, decryptor=person.decryptor()).bytes or b"")
    assert len(shares - {b""}) == 2


def test_a_workload_logs_in_by_its_service_account(settled: Hardened) -> None:
    """Applications have no password; without token reviews they stay outside."""
    token = settled.client.kubectl("create", "token", "default", f"--audience={AUDIENCE}").strip()
    status, answer = settled.client.call("POST", "auth/kubernetes/login", {"role": "app", "jwt": token})
    assert status == 200, answer
    other = settled.client.kubectl("create", "token", "default", "--audience=somebody-else").strip()
    assert settled.client.call("POST", "auth/kubernetes/login", {"role": "app", "jwt": other})[0] == 403


def test_a_second_up_and_a_refresh_find_nothing_to_do(settled: Hardened) -> None:
    """Drift without a cause makes people stop reading previews."""
    assert set(settled.stack.up().changes) == {"unchanged"}
    assert set(settled.stack.refresh().changes) == {"unchanged"}


@pytest.mark.parametrize("level", ["warn", "info"])
def test_a_rolling_change_of_configuration_loses_no_write(settled: Hardened, level: str) -> None:
    """Every later change goes this way; a gap as long as an election per pod is all that clients may see."""
    leader = settled.client.leader()
    settled.change({"configuration": {"logLevel": level}})
    with Writer(settled.client) as writer:
        began = time.monotonic()
        settled.stack.up()
        seconds = time.monotonic() - began
        assert settled.healthy(), "`up` ended before every pod ran the new configuration"
        time.sleep(1)
    hashes = {pod["metadata"]["annotations"]["openbao.org/config-hash"] for pod in settled.client.pods().values()}
    assert len(hashes) == 1
    FIGURES[f"rolling change of configuration, leader was pod {leader[-1]}"] = checked(writer, seconds)


def test_running_pods_do_not_need_the_key_service(settled: Hardened, transit: Transit) -> None:
    """If they did, every hiccup of the key service would be an outage of everything."""
    with Writer(settled.client) as writer:
        modes: tuple[Mode, ...] = ("refused", "hanging")
        for mode in modes:
            transit.link.set(mode)
            time.sleep(8)
            assert [settled.health(pod) for pod in settled.pods] == [200, 200, 200]
        transit.link.set("open")
    FIGURES["transit server refused for 8 s, then hanging for 8 s"] = checked(writer, 16)


@pytest.mark.parametrize("mode", ["refused", "hanging"])
def test_a_pod_that_starts_without_its_key_service_waits_and_the_others_serve(
    settled: Hardened, transit: Transit, mode: Mode
) -> None:
    """Start-up is when the key is needed: it must fail towards "not ready", and heal by itself."""
    pod = next(pod for pod in settled.pods if pod != settled.client.leader())
    with Writer(settled.client) as writer:
        transit.link.set(mode)
        try:
            settled.replaced(pod)
            time.sleep(10)
            status = settled.client.pods()[pod]["status"]
            assert not any(item["type"] == "Ready" and item["status"] == "True" for item in status["conditions"])
            restarts = status["containerStatuses"][0]["restartCount"]
            assert (restarts > 0) == (mode == "refused"), "a server exits when refused, and waits when nobody answers"
        finally:
            transit.link.set("open")
        seconds = settled.settled(seconds=240)
    FIGURES[f"a pod starts while the transit server is {mode}: until it is back"] = checked(writer, seconds)


def test_a_revoked_seal_token_stops_only_starts_and_a_new_one_heals(settled: Hardened, transit: Transit) -> None:
    """Tokens leak and are revoked; the way back is a new token in the Secret, nothing else."""
    pod = next(pod for pod in settled.pods if pod != settled.client.leader())
    transit.revoke(settled.client.secret(CREDENTIALS)["token"])
    with Writer(settled.client) as writer:
        settled.replaced(pod)
        until(lambda: "403" in settled.client.kubectl("logs", pod, "--tail=40"), "the reason in the pod's log", 60)
        settled.place.secret(CREDENTIALS, {"token": transit.token(NAME)})
        settled.replaced(pod)
        seconds = settled.settled(seconds=240)
    FIGURES["seal token revoked: from a new token in the Secret"] = checked(writer, seconds)
    for other in settled.pods:  # their tokens are the old one, too
        settled.replaced(other)
        settled.settled()


def test_a_wiped_first_pod_rejoins_instead_of_forming_a_second_cluster(settled: Hardened) -> None:
    """With the self-init stanza still in reach, pod 0 would found an empty twin behind the same Service."""
    before = settled.client.cluster_id(f"{NAME}-1")
    settled.client.kubectl("delete", "pvc", f"data-{NAME}-0", "--wait=false")
    settled.replaced(f"{NAME}-0")
    FIGURES["volume of pod 0 wiped: until three voters"] = {"seconds": settled.settled()}
    assert settled.client.cluster_id(f"{NAME}-0") == before


def test_all_pods_gone_and_volume_zero_wiped_rejoins_its_peers(settled: Hardened) -> None:
    """Pod 0 starts first and alone with an empty disk: it must wait for its peers, not found a second cluster."""
    first, before = f"{NAME}-0", settled.client.cluster_id(f"{NAME}-1")
    nodes = {pod: found["spec"]["nodeName"] for pod, found in settled.client.pods().items()}
    taken = [node for pod, node in nodes.items() if pod != first]  # the others' volumes are local to theirs
    settled.client.kubectl("cordon", *taken)
    try:
        _scale(settled, 0)
        settled.client.kubectl("delete", "pvc", f"data-{first}")
        _scale(settled, 1)
        until(lambda: settled.health(first) == 501, "pod 0 waits")
        time.sleep(5)
        assert settled.health(first) == 501, "pod 0 founded a cluster of its own"
    finally:
        settled.client.kubectl("uncordon", *taken)
        _scale(settled, 3)
    settled.settled()
    assert settled.client.cluster_id(first) == before


def _scale(hard: Hardened, replicas: int) -> None:
    hard.client.kubectl("scale", f"statefulset/{NAME}", f"--replicas={replicas}")
    if not replicas:
        until(lambda: not hard.client.pods(), "no pods")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"profile": "Development"}, "contract.profile.promotion"),
        ({"storage": {"size": "1Gi", "storageClassName": "another"}}, "contract.storage.class"),
        ({"storage": {"size": "512Mi"}}, "contract.storage.size"),
        ({"version": "2.6.2"}, "contract.version.downgrade"),
        ({"replicas": 1}, "hardened.minimum-replicas"),
        ({"image": {"digest": None}}, "contract.image.digest"),
    ],
)
def test_a_change_that_would_break_it_is_refused_before_anything_is_touched(
    settled: Hardened, change: dict[str, object], rule: str
) -> None:
    """A replaced StatefulSet, a weakened profile or an older server ends the cluster; later is too late."""
    before = settled.objects()
    with settled.changed(change):
        outcome = settled.stack.up(expected=None)  # without a preview: nothing else stands in between
    assert outcome.code != 0
    assert rule in outcome.text, outcome.text
    assert "Traceback" not in outcome.text
    assert settled.objects() == before


def test_another_name_is_refused_before_anything_is_touched(settled: Hardened) -> None:
    """To Kubernetes it is another cluster; where only previews refuse the change, `--skip-preview` builds that one."""
    before = settled.objects()
    with settled.changed({"namespace": {"name": NAME, "create": False}}, **{"vault:name": "other"}):
        outcome = settled.stack.up(expected=None)  # without a preview
    assert outcome.code != 0
    assert "contract.names.change" in outcome.text
    assert settled.objects() == before


@pytest.mark.parametrize("arguments", [[], ["--skip-preview"]], ids=["after-preview", "at-once"])
def test_destroy_is_refused_with_a_way_out_before_anything_is_touched(settled: Hardened, arguments: list[str]) -> None:
    """One command in the wrong window must not take the Service away from production, or the data."""
    before = settled.objects()
    outcome = settled.stack.pulumi("destroy", "--yes", *arguments, expected=None)
    assert outcome.code != 0
    assert "protected" in outcome.text
    assert "unprotect" in outcome.text
    assert settled.objects() == before
    assert set(settled.stack.up().changes) == {"unchanged"}


def test_all_volumes_wiped_stays_uninitialised_and_up_says_so(settled: Hardened) -> None:
    """An empty vault that looks healthy would be filled with new secrets while the old ones are sought elsewhere."""
    _scale(settled, 0)
    settled.client.kubectl("delete", "pvc", "--all")
    _scale(settled, 3)
    until(lambda: [settled.health(pod) for pod in settled.pods] == [501, 501, 501], "all pods wait")
    time.sleep(5)
    for pod in settled.pods:
        answer = settled.client.call("GET", "sys/init", pool=settled.client.pod_pool(pod))[1]
        assert answer == {"initialized": False}, f"{pod} founded a new cluster"
