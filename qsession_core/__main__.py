"""``python -m qsession_core`` is the command ``qsession``."""

import sys

from qsession_core.command import main

if __name__ == "__main__":
    sys.exit(main())
