"""Every error that the tool raises on purpose.

::

    AssignStudyError            anything a user can mend; printed as one sentence, never as a traceback
    ├── ConfigError             a setting that cannot be used; names its key
    ├── DatasetError            labels or images that cannot be read at all
    ├── ModelError              a network that cannot be loaded, or whose layers or outputs do not fit the run
    ├── RecordError             a run, a sweep or a table on disk that is missing, broken or of another schema
    └── PageError               a page or one of its sections could not be built

A message says where, what was expected, what was found and what to do about it.
Single bad labels are no errors: they become rows of *Data issues* (:class:`assignstudy.types.DataIssue`).
"""

_LONGEST = 300
"""Characters of what somebody else's code says."""


def told(error: BaseException) -> str:
    """An error of somebody else's code on one line: ``ValueError: what it says``."""
    lines = str(error).strip().splitlines()
    # TorchScript puts the trace of its interpreter first, and what was raised last.
    is_trace = any(line.startswith("Traceback of TorchScript") for line in lines)
    text = " ".join((lines[-1] if is_trace else " ".join(lines)).split())
    return f"{type(error).__name__}: {text[:_LONGEST]}".removesuffix(": ")


class AssignStudyError(Exception):
    """Base of every error that the command line prints as one sentence."""


class ConfigError(AssignStudyError):
    """A setting that cannot be used; the message begins with its key."""


class DatasetError(AssignStudyError):
    """A data set that cannot be read at all: no image, unreadable file, missing folder."""


class ModelError(AssignStudyError):
    """A network that cannot be had, or whose layers or outputs do not fit the run."""


class RecordError(AssignStudyError):
    """A run or sweep folder that is missing, unfinished, broken or of another schema version."""


class PageError(AssignStudyError):
    """A page, or a section of one, that could not be built."""
