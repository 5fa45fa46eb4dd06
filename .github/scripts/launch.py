#!/usr/bin/env python3
"""Runs ``guardian-ci`` from the action's checkout: ``python -I -S launch.py SITE ARGUMENTS…``.

SITE is the folder that the locked requirements were installed into. ``-I -S`` leaves nothing else to import from:
no PYTHONPATH, no workspace, no packages of the machine.
"""

import sys
from pathlib import Path

site = sys.argv.pop(1)
sys.argv[0] = "guardian-ci"
sys.path[:0] = [str(Path(__file__).resolve().parents[2]), site]

from guardian_ci.cli.main import main  # noqa: E402 - only now can it be found

sys.exit(main())
