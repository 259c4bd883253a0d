"""A network namespace of a test's own: its one address is not loopback, and nothing leaves it."""

import shutil
import subprocess
import sys

ADDRESS = "10.77.0.1"
NETWORK = f'ip link set lo up && ip addr add {ADDRESS}/32 dev lo && ip route add default dev lo && exec "$@"'
IN_NETWORK = [shutil.which("unshare") or "unshare", "-rn", "sh", "-c", NETWORK, "sh"]


def can_make_networks():
    if sys.platform != "linux" or not (shutil.which("unshare") and shutil.which("ip")):
        return False
    tried = subprocess.run([*IN_NETWORK, "true"], capture_output=True, check=False)
    return tried.returncode == 0
