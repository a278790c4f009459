"""A block: what its tasks have in common."""

from __future__ import annotations

import os
from collections.abc import Mapping

from grange.af import afcommon, cgruconfig, named
from grange.af.cgruconfig import tell
from grange.af.described import Programmed
from grange.af.limits import BlockLimits
from grange.af.task import Task


class Block(BlockLimits, Programmed):
    """Numeric, with a range of frames; or with `tasks`, each with a command of its own.

    Args:
        blockname: what dependences of other blocks name.
        service: the program's class on the worker; its parser is taken with it.

    Attributes:
        tasks: those of a block that is not numeric.
    """

    def __init__(self, blockname: str = "block", service: str | None = "generic") -> None:
        super().__init__()
        variables = cgruconfig.VARS
        self.data["flags"] = 0
        self.data["name"] = blockname
        self.data["service"] = variables["af_task_default_service"]
        self.data["capacity"] = variables["af_task_default_capacity"]
        self.setWorkingDirectory(os.environ.get("PWD", "") or os.getcwd())  # noqa: PTH109 (as PWD)
        self.tasks: list[Task] = []
        if service and self.setService(service):
            self.setParser(named.usual_parser(service))

    def setName(self, value: str) -> None:
        """Name it."""
        self.data["name"] = value

    def setService(self, service: str | None, nocheck: bool = False) -> bool:
        """Set the program's class on the worker.

        Args:
            service: its name; one that is not known becomes `generic`.
            nocheck: take it as it is: a worker may know more.

        Returns:
            Whether it was taken.
        """
        if not service:
            return False
        self.data["service"] = service if nocheck else named.known_service(service)
        return bool(self.data["service"] == service)

    def setParser(self, parser: str | None, nocheck: bool = False) -> None:
        """Set who reads what the program prints; one that is not known becomes `none`."""
        if parser:
            self.data["parser"] = parser if nocheck else named.known_parser(parser)

    def setParserType(self, parser: str | None, nocheck: bool = False) -> None:
        """Do the same, as old scripts say it."""
        self.setParser(parser, nocheck)

    def setParserCoeff(self, value: int) -> None:
        """Set a number that is given to the service."""
        self.data["parser_coeff"] = value

    def setWorkingDirectory(self, working_directory: str, TransferToServer: bool = True) -> None:
        """Set where tasks run."""
        path = os.fspath(working_directory)
        self.data["working_directory"] = self._there(path, TransferToServer)

    def setNumeric(
        self, start: int = 1, end: int = 1, pertask: int = 1, increment: int = 1
    ) -> None:
        """Set a range of frames, both ends included, and how it is cut into tasks."""
        if self.tasks:
            tell("Error: Block.setNumeric: Block already has tasks.")
            return
        if end < start:
            tell(f"Error: Block.setNumeric: end < start ({end} < {start})")
            end = start
        if pertask < 1:
            tell(f"Error: Block.setNumeric: pertask < 1 ({pertask} < 1)")
            pertask = 1
        self._flag("numeric")
        self.data["frame_first"] = start
        self.data["frame_last"] = end
        self.data["frames_per_task"] = pertask
        self.data["frames_inc"] = increment

    def setFramesPerTask(self, value: int) -> None:
        """Set how many frames a task has, or, below 0, how many tasks have one frame."""
        self.data["frames_per_task"] = value

    def setSequential(self, value: int) -> None:
        """Set the order: 1 forward, -1 backward, 0 the middle first, n every n-th first."""
        self.data["sequential"] = value

    def setNonSequential(self, value: bool = True) -> None:
        """Start with the middle, as older scripts say it."""
        self.setSequential(0 if value else 1)

    def setTasksName(self, value: str) -> None:
        """Set the pattern of the tasks' names."""
        self.data["tasks_name"] = value

    def setCommand(self, command: str, prefix: bool = True, TransferToServer: bool = True) -> None:
        """Set what is run: a pattern.

        Args:
            command: with @#@ where the first frame goes, then the last one.
            prefix: put AF_CMD_PREFIX, or what CGRU's variables have, before it.
            TransferToServer: turn paths into the server's.
        """
        before = os.environ.get("AF_CMD_PREFIX", cgruconfig.VARS["af_cmdprefix"])
        self._text("command", f"{before}{command}" if prefix else command, TransferToServer)

    def setCmdPre(self, command_pre: str, TransferToServer: bool = True) -> None:
        """Note a command to be run before; servers only show it."""
        self._text("command_pre", command_pre, TransferToServer)

    def setCmdPost(self, command_post: str, TransferToServer: bool = True) -> None:
        """Set a command that is run when the job is deleted."""
        self._text("command_post", command_post, TransferToServer)

    def setDependMask(self, value: str) -> None:
        """Wait until the blocks are done whose names match."""
        self._pattern("depend_mask", value)

    def setTasksDependMask(self, value: str) -> None:
        """Let each task wait for the same frames of the blocks whose names match."""
        self._pattern("tasks_depend_mask", value)

    def setDependSubTask(self) -> None:
        """Let who depends on this block's tasks begin while they run, frame by frame."""
        self._flag("dependsubtask")

    def setTasksSuspended(self) -> None:
        """Start none of the tasks until they are continued."""
        self._flag("suspendnewtasks")

    def skipThumbnails(self) -> None:
        """Make no thumbnails."""
        self._flag("skipthumbnails")

    def setGenThumbnails(self, value: bool = True) -> None:
        """Make thumbnails, or none, as old scripts say it."""
        if not value:
            self.skipThumbnails()

    def skipExistingFiles(self, i_size_min: int = -1, i_size_max: int = -1) -> None:
        """Skip tasks whose files are there, of a size in bytes between these; -1 any."""
        self._flag("skipexistingfiles")
        self._sizes(i_size_min, i_size_max)

    def checkRenderedFiles(self, i_size_min: int = -1, i_size_max: int = -1) -> None:
        """Let a task fail whose files are not there, of a size in bytes between these."""
        self._flag("checkrenderedfiles")
        self._sizes(i_size_min, i_size_max)

    def setPools(self, i_pools: Mapping[str, int]) -> None:
        """Set how gladly it runs in which pools: -100 never, 100 only there."""
        self.data["pools"] = dict(i_pools)

    def setMultiHost(
        self,
        h_min: int,
        h_max: int,
        h_max_wait: int,
        master_on_slave: bool = False,
        service: str | None = None,
        service_wait: int = -1,
    ) -> bool:
        """Let a task take several hosts.

        Args:
            h_min: it starts with so many at least.
            h_max: and takes so many at most.
            h_max_wait: seconds to wait for more.
            master_on_slave: the first host is one of the others, too.
            service: what runs on the others.
            service_wait: seconds to wait for it.

        Returns:
            Whether it can be so; a sentence says why not.
        """
        if h_min < 1 or h_max < h_min:
            tell(f"Error: Block.setMultiHost: not 1 <= {h_min} <= {h_max} hosts")
            return False
        if master_on_slave and service is None:
            tell("Error: Block.setMultiHost: master_on_slave needs a service")
            return False
        self._flag("multihost")
        self.data["multihost_min"] = h_min
        self.data["multihost_max"] = h_max
        self.data["multihost_max_wait"] = h_max_wait
        if master_on_slave:
            self._flag("masteronslave")
        if service:
            self.data["multihost_service"] = service
        if service_wait > 0:
            self.data["multihost_service_wait"] = service_wait
        return True

    def setSlaveLostIgnore(self) -> None:
        """Let a task of several hosts go on when one of them is lost."""
        if afcommon.checkBlockFlag(self.data["flags"], "multihost"):
            self._flag("slavelostignore")
        else:
            tell("Error: Block.setSlaveLostIgnore: Block is not multihost.")

    def fillTasks(self) -> None:
        """Put the tasks into what is sent."""
        if self.tasks:
            self.data["tasks"] = [task.data for task in self.tasks]

    def _flag(self, name: str) -> None:
        self.data["flags"] = afcommon.setBlockFlag(self.data["flags"], name)

    def _sizes(self, least: int, most: int) -> None:
        for name, size in (("file_size_min", least), ("file_size_max", most)):
            if size != -1:
                self.data[name] = size
