"""Print the tables of a run in Markdown, as in docs/engine.md: `python -m bench.engine.tables FILE`.

FILE holds what `bench engine` printed, with --json or without.
"""

import json
import sys
from pathlib import Path

from bench.engine.report import markdown

if __name__ == "__main__":
    print("\n".join(markdown(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()[-1]))))
