"""Run a command and kill it, with all that it started, once its answer has begun: ``killed.py LOG COMMAND…``."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

SOON = 0.5

if __name__ == "__main__":
    log = Path(sys.argv[1])
    with subprocess.Popen(sys.argv[2:], start_new_session=True) as process:
        while process.poll() is None and '"type":"call_admitted"' not in log.read_text(encoding="utf-8"):
            time.sleep(0.02)
        time.sleep(SOON)
        os.killpg(process.pid, signal.SIGKILL)
    sys.exit(7)
