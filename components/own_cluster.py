"""`make up KUBECONFIG=…`: look before leaping whether the user's own cluster and Pulumi can be used."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def problems(kubeconfig: str) -> list[str]:
    """What is missing, each with the way out; empty when nothing is."""
    found = []
    if not Path(kubeconfig).is_file():
        found.append(f"KUBECONFIG={kubeconfig} is no file. Give the path of your cluster's kubeconfig.")
    if shutil.which("pulumi") is None:
        found.append("`pulumi` is not on PATH. Install Pulumi: https://www.pulumi.com/docs/install/")
    return found


if __name__ == "__main__":
    missing = problems(sys.argv[1])
    print("\n".join(missing), file=sys.stderr)
    sys.exit(2 if missing else 0)
