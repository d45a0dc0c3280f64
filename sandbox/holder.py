"""The first process of a box. A script of its own with nothing but the standard library, because it must keep working
whatever becomes of the environment it was started from.

    holder.py BOX-FOLDER STATE-FOLDER CACHE-FOLDER HOST-NAME FILTER-BRIDGE

It runs in fresh mount, PID, network, UTS and IPC namespaces, makes the mounts private to them, notes its PID (as the
host sees it) and start time in ``BOX-FOLDER/pid``, and then reaps orphans for ever. When it is killed the kernel ends
everything in the box.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

# What kubelet wants to find; bound over /proc/sys inside the box, so that it never writes the machine's own settings.
SYSCTLS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}


def run(*command: str) -> None:
    """Run a command, or end this box with its error."""
    subprocess.run(command, check=True)


def start_time(pid: str) -> str:
    """Field 22 of /proc/PID/stat: tells two processes with the same PID apart."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]


def private_folders(box: Path, keep: list[Path]) -> None:
    """Kubelet, containerd and CNI write below /run, /var/lib and /var/log whatever their flags say: give them others.

    State and cache may lie below these folders, so they are bound back to where they were.
    """
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    kept = []
    for number, folder in enumerate(keep):
        there = Path(f"/run/kept-{number}")
        there.mkdir()
        run("mount", "--bind", str(folder), str(there))
        kept.append((there, folder))
    for name in ("lib", "log"):
        own = kept[0][0] / box.relative_to(keep[0]) / f"var-{name}"
        own.mkdir(exist_ok=True)
        run("mount", "--bind", str(own), f"/var/{name}")
    for there, folder in kept:
        if not folder.exists() or not any(folder.iterdir()):
            folder.mkdir(parents=True, exist_ok=True)
            run("mount", "--bind", str(there), str(folder))


def preset_sysctls(box: Path) -> None:
    """Bind a file with the wanted value over each setting."""
    for name, value in SYSCTLS.items():
        file = box / "sysctl" / name.replace("/", ".")
        file.parent.mkdir(exist_ok=True)
        file.write_text(value + "\n")
        if Path(f"/proc/sys/{name}").exists():
            run("mount", "--bind", str(file), f"/proc/sys/{name}")


def main() -> None:
    """Prepare the box, say so, and stay."""
    box, state, cache = (Path(word) for word in sys.argv[1:4])
    host_name, filter_bridge = sys.argv[4:6]
    pid = os.readlink("/proc/self")  # /proc is still the host's here
    identity = f"{pid} {start_time(pid)}"
    run("mount", "-t", "proc", "proc", "/proc")
    private_folders(box, [state, cache])
    preset_sysctls(box)
    run("mount", "--make-rshared", "/")  # a peer group of its own per mount, so that containers may propagate mounts
    run("hostname", host_name)
    run("ip", "link", "set", "lo", "up")
    # settings of this network namespace only; the switch must not send bridged packets through packet filters
    run("sysctl", "-qw", "net.ipv4.ip_forward=1", f"net.bridge.bridge-nf-call-iptables={filter_bridge}")
    (box / "pid.new").write_text(identity)
    (box / "pid.new").rename(box / "pid")
    while True:
        try:
            os.wait()
        except ChildProcessError:
            time.sleep(0.2)


if __name__ == "__main__":
    main()
