"""The command line: the only room that knows Hydra.

Hydra composes the configuration, expands sweeps and calls :func:`job` for each run. What is around that stands here:
names of folders, progress, what is printed at the end, and how errors are said. Three of Hydra's habits shape it:

* Its own error output is several lines long, so it is told to raise, and :func:`main` says one sentence.
* Its callbacks cannot fail (what they raise becomes a warning), and none fires at the end of a sweep that failed or was
  interrupted. So they only note where things are, and :func:`main` builds the sweep page in a ``finally``, from disk.
* It stops a sweep's batch at a job that raises. So a run that fails for a reason a user can mend is recorded and
  returns; only defects of the program raise.

Modules import each other to the left: ``sentences < checking < composing, garbage < launch < concluding < command``.
"""

from assignstudy.cli.command import job, main
from assignstudy.cli.composing import composed
from assignstudy.cli.concluding import SHOWN_METRICS
from assignstudy.cli.launch import LaunchCallback

__all__ = ["SHOWN_METRICS", "LaunchCallback", "composed", "job", "main"]
