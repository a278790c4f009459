"""Jobs, blocks, tasks and their edits as Afanasy's clients write them -> our specifications."""

from grange.doors.afanasy.orders.changes import block_changes, job_changes, upon
from grange.doors.afanasy.orders.fields import BadOrder
from grange.doors.afanasy.orders.reading import read_blocks, read_job, read_tasks
from grange.doors.afanasy.orders.submit import submit
from grange.doors.afanasy.orders.words import theirs

__all__ = [
    "BadOrder",
    "block_changes",
    "job_changes",
    "read_blocks",
    "read_job",
    "read_tasks",
    "submit",
    "theirs",
    "upon",
]
