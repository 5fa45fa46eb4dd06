"""``python -m guardian_ci`` is ``guardian-ci``."""

import sys

from guardian_ci.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
