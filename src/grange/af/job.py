"""A job: described, printed, sent."""

from __future__ import annotations

import json
import posixpath
import reprlib
import time
from collections.abc import Mapping
from typing import Any, Final

from grange.af import afnetwork, cgruconfig
from grange.af.block import Block
from grange.af.cgruconfig import tell
from grange.af.limits import Limits

PRIORITY_MAX: Final = 250
REFUSAL_MAX: Final = 500  # characters of a server's sentence


class Job(Limits):
    """What is submitted as one.

    Args:
        jobname: for people; jobs that depend on it name it.
        verbose: print what is sent and what comes.
        host: of the server; None as CGRU's variables say.
        port: of the server.

    Attributes:
        blocks: those it has, in order.
    """

    def __init__(
        self,
        jobname: str | None = None,
        verbose: bool = False,
        *,
        host: str | None = None,
        port: int | None = None,
    ) -> None:
        super().__init__()
        variables = cgruconfig.VARS
        self.data["name"] = "noname"
        self.data["user_name"] = variables["USERNAME"]
        self.data["host_name"] = variables["HOSTNAME"]
        self.data["priority"] = variables["af_priority"]
        self.data["time_creation"] = int(_now())
        self.setName(jobname)
        self.blocks: list[Block] = []
        self._verbose = verbose
        self._host = host
        self._port = port

    def setName(self, name: str | None) -> None:
        """Name it."""
        if name:
            self.data["name"] = name

    def setHost(self, value: str) -> None:
        """Say on which host the server is."""
        self._host = value

    def setPort(self, value: int) -> None:
        """Say on which port the server listens."""
        self._port = int(value)

    def setUserName(self, username: str | None) -> None:
        """Say whose job it is; in small letters, as users are known."""
        if username:
            self.data["user_name"] = username.lower()

    def setPriority(self, priority: int) -> None:
        """Set its priority, 0 to 250: the greater goes first, 0 never runs."""
        if priority > PRIORITY_MAX:
            tell(f"Warning: priority clamped to maximum = {PRIORITY_MAX}")
        self._from("priority", min(priority, PRIORITY_MAX), 0)

    def setCmdPre(self, command: str, TransferToServer: bool = True) -> None:
        """Note a command to be run before; servers only show it."""
        self._text("command_pre", command, TransferToServer)

    def setCmdPost(self, command: str, TransferToServer: bool = True) -> None:
        """Set a command that is run when the job is deleted."""
        self._text("command_post", command, TransferToServer)

    def setPostDeleteFiles(self, i_path: str, TransferToServer: bool = True) -> None:
        """Delete files when the job is deleted; one more at each call."""
        before = self.data.get("command_post", "")
        path = f'"{self._there(i_path, TransferToServer)}"'
        if before.startswith("deletefiles "):
            self.data["command_post"] = f"{before} {path}"
        else:
            self.data["command_post"] = f"deletefiles {path}"

    def setFolder(self, i_name: str, i_folder: str, i_transferToServer: bool = True) -> None:
        """Name a folder for people to open, such as input or output."""
        folders = self.data.setdefault("folders", {})
        folders[i_name] = self._there(i_folder, i_transferToServer)

    def setPools(self, i_pools: Mapping[str, int]) -> None:
        """Set how gladly it runs in which pools: -100 never, 100 only there."""
        self.data["pools"] = dict(i_pools)

    def tryTask(self, i_block: int, i_task: int) -> None:
        """Start a task before all others; one more at each call."""
        self.data.setdefault("try_this_blocks_num", []).append(int(i_block))
        self.data.setdefault("try_this_tasks_num", []).append(int(i_task))

    def setBranch(self, i_branch: str, i_transferToServer: bool = True) -> None:
        """Set its place in the studio's tree."""
        self.data["branch"] = self._there(i_branch, i_transferToServer)

    def setAnnotation(self, value: str) -> None:
        """Write a note that lists show."""
        self.data["annotation"] = value

    def setDescription(self, value: str) -> None:
        """Describe it."""
        self.data["description"] = value

    def setCustomData(self, data: str) -> None:
        """Attach a text of your own, such as JSON for events."""
        self.data["custom_data"] = data

    def setProject(self, project: str | None) -> None:
        """Name the project that it is for."""
        if project:
            self.data["project"] = project

    def setDepartment(self, department: str | None) -> None:
        """Name the department that it is of."""
        if department:
            self.data["department"] = department

    def setWaitTime(self, value: float) -> None:
        """Set when it may start, in seconds of the epoch, if that is to come."""
        if value > _now():
            self.data["time_wait"] = int(value)

    def setTimeLife(self, value: int | str) -> None:
        """Set after how many seconds it is deleted; 0 never."""
        if str(value).isdigit():
            self.data["time_life"] = int(value)

    def setDependMask(self, value: str) -> None:
        """Wait until this user's jobs are done whose names match."""
        self._pattern("depend_mask", value)

    def setDependMaskGlobal(self, value: str) -> None:
        """Wait until all users' jobs are done whose names match."""
        self._pattern("depend_mask_global", value)

    def setNeedOS(self, value: str) -> None:
        """Run only on systems whose names have this in them; "" on any."""
        if value:
            self._pattern("need_os", value)
        else:
            self.setAnyOS()

    def setNativeOS(self) -> None:
        """Run only on systems such as this one."""
        self.data["need_os"] = cgruconfig.VARS["platform"][-1]

    def setAnyOS(self) -> None:
        """Run on any system."""
        self.data["need_os"] = ""

    def setPPApproval(self) -> None:
        """Run the tasks of a preview only, until somebody has approved it."""
        self.data["ppa"] = True

    def setMaintenance(self) -> None:
        """Run each task on the host that it is named like."""
        self.data["maintenance"] = True

    def setIgnoreNimby(self) -> None:
        """Run on hosts that serve nobody, too."""
        self.data["ignorenimby"] = True

    def setIgnorePaused(self) -> None:
        """Run on hosts that are paused, too."""
        self.data["ignorepaused"] = True

    def setPaused(self) -> None:
        """Start nothing yet."""
        self.data["offline"] = True

    pause = setOffline = offline = offLine = setPaused

    def fillBlocks(self) -> None:
        """Put the blocks into what is sent."""
        for block in self.blocks:
            block.fillTasks()
        self.data["blocks"] = [block.data for block in self.blocks]

    def output(self, full: bool = False) -> None:
        """Print what is sent, as JSON.

        Args:
            full: with what is added when it is sent.
        """
        whole = self.request()["job"]
        print(json.dumps(whole if full else self.data, sort_keys=True, indent=4))

    def send(self, verbose: bool = False) -> tuple[bool, Any]:
        """Send it to the server; print a sentence where that does not take it.

        Returns:
            (True, {"id": number, "serial": number that is never used again}), or
            (False, None).
        """
        if not self.blocks:
            tell("Error: Job has no blocks")
            return False, None
        where = afnetwork.address(self._host, self._port)
        sent, reply = afnetwork.sendServer(self.request(), verbose or self._verbose, where=where)
        if sent and not number(reply):
            tell(f"Error: the job was not taken: {refusal(reply)}")
            return False, None
        return sent, reply

    def request(self) -> dict[str, Any]:
        """Give what is sent: with folders and a branch, where nobody has set any."""
        self.fillBlocks()
        folders = self.data.get("folders")
        if folders is None:
            folders = dict(found for block in self.blocks for found in _folder(block))
        branch = self.data.get("branch") or folders.get("output") or folders.get("input")
        if not branch and self.blocks:
            branch = self.blocks[0].data["working_directory"]
        return {"job": {**self.data, "folders": folders, "branch": branch or "/"}}


def number(reply: Any) -> int:
    """Give the number that a server has given to something, 0 where it has not."""
    found = reply.get("id") if isinstance(reply, dict) else 0
    return found if type(found) is int and found > 0 else 0


def refusal(reply: Any) -> str:
    """Give the sentence by which a server refuses something."""
    if isinstance(reply, dict):
        info = reply.get("info")
        text = info.get("text") if isinstance(info, dict) else reply.get("error")
        if isinstance(text, str) and text:
            return text[:REFUSAL_MAX]
    return f"the server answers {reprlib.repr(reply)}"


def _folder(block: Block) -> list[tuple[str, str]]:
    """The folder of a block's first file, under the block's name."""
    files = block.data.get("files") or ()
    folder = posixpath.dirname(files[0].replace("\\", "/")) if files else ""
    if not files:
        return []
    return [(block.data["name"], posixpath.join(block.data["working_directory"], folder))]


def _now() -> float:
    return time.time()  # noqa: TID251 (a script is an edge, as app.py is)
