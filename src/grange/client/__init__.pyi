from grange.client.async_client import AsyncClient as AsyncClient
from grange.client.client import Client as Client
from grange.client.errors import ApiError as ApiError
from grange.client.errors import GrangeError as GrangeError
from grange.client.errors import JobDeleted as JobDeleted
from grange.client.errors import JobFailed as JobFailed
from grange.client.errors import NotAllowed as NotAllowed
from grange.client.errors import NotFound as NotFound
from grange.client.errors import NotSignedIn as NotSignedIn
from grange.client.errors import Unreachable as Unreachable
from grange.client.errors import WaitTimedOut as WaitTimedOut

__all__ = [
    "ApiError",
    "AsyncClient",
    "Client",
    "GrangeError",
    "JobDeleted",
    "JobFailed",
    "NotAllowed",
    "NotFound",
    "NotSignedIn",
    "Unreachable",
    "WaitTimedOut",
]
