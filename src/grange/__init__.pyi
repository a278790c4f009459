from grange.client import AsyncClient as AsyncClient
from grange.client import Client as Client
from grange.client import GrangeError as GrangeError
from grange.model.spec import BlockSpec as Block
from grange.model.spec import JobSpec as Job
from grange.model.spec import TaskSpec as Task
from grange.model.states import JobState as JobState
from grange.model.states import TaskState as TaskState

__version__: str

__all__ = [
    "AsyncClient",
    "Block",
    "Client",
    "GrangeError",
    "Job",
    "JobState",
    "Task",
    "TaskState",
    "__version__",
]
