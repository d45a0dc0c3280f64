"""What is measured side by side: a cluster of three that can be made from nothing, used, and removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from tests.sandbox.client import Client

VOTERS: Final = "from nothing to three voters"
PROVEN: Final = "from nothing to a proven cluster"


@dataclass(frozen=True)
class Life:
    """A living cluster: who talks to it, and how many seconds each milestone took since nothing was there."""

    client: Client
    seconds: Mapping[str, float]


class Contestant(Protocol):
    """One way to run OpenBao. `title` heads its column."""

    title: str

    def up(self) -> Life:
        """From nothing to three voters, and as far as this way goes by itself. Raises when it does not get there."""
        ...

    def mend(self, client: Client) -> None:
        """What somebody must do after every start of a pod; nothing where pods unseal themselves."""
        ...

    def down(self) -> None:
        """Remove all of it, with its volumes; also what an interrupted run has left."""
        ...


def has_three_voters(client: Client) -> bool:
    """Whether the cluster's leader counts exactly these three, all with a vote."""
    return client.peers() == {f"{client.name}-{ordinal}": True for ordinal in range(3)}
