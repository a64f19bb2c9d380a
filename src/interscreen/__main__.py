"""``python -m interscreen``."""

import sys

from .cli import main

sys.exit(main())
