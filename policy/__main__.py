"""The policy pack: `pulumi preview --policy-pack <this folder>`."""

import sys
from pathlib import Path

# The contract itself lives beside the pack; there is no second copy of a rule in here.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from openbao_policy.pack import policies
from pulumi_policy import PolicyPack

PolicyPack(name="openbao-contract", policies=policies())
