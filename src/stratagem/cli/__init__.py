"""The command line: verbs in, answers out. The one place that knows all stages; each is imported when it is needed.

One module a family of verbs; `output` holds what they share. Standard output is the answer, standard error the progress and the faults.
"""

from stratagem.cli import analyses, exporting, files, fitting, looking_back, solving
from stratagem.cli.program import main

__all__ = ["analyses", "exporting", "files", "fitting", "looking_back", "main", "solving"]
