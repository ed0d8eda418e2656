"""`python -m jacobians`."""

import sys

from .cli import main

sys.exit(main())
