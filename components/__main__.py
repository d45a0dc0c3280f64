"""The component package: Pulumi runs this folder as a plugin when a program in any language uses the components."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # `python components` puts this folder first, where components/kubernetes would hide the package of that name.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

    from pulumi.provider import main

    from components.package import Package

    main(Package(), sys.argv[1:])
