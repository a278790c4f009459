"""The folders that tasks need: there, readable, writable, and alive."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from grange.worker.account import Account
from grange.worker.doctor.apart import Hangs, NoAnswer, Question
from grange.worker.doctor.finding import Finding, ok, warning, wrong
from grange.worker.doctor.probes import Folder

ANSWER_S: Final = 5.0  # for a folder; a healthy file server takes milliseconds
AT_ONCE: Final = 8  # looked at together
LATE_S: Final = 0.5  # for one whose time the one before has used up
FREE_MIN_GB: Final = 1.0  # below it tasks fail soon
FREE_LOW_GB: Final = 10.0  # below it they may


def mounts(
    paths: Iterable[str],
    *,
    writable: bool,
    account: Account | None = None,
    answer_s: float = ANSWER_S,
) -> list[Finding]:
    """Look at folders that tasks read, and perhaps write.

    Takes `answer_s` for eight of them, and half a second for each more of these that hangs.

    Args:
        paths: absolute.
        writable: whether each must be writable, too.
        account: who the tasks run as; None our own user.
        answer_s: how long a folder may take to answer.
    """
    todo = list(dict.fromkeys(paths))
    found = []
    for start in range(0, len(todo), AT_ONCE):
        asked = [(path, Question("folder", path, account)) for path in todo[start:][:AT_ONCE]]
        give_up = time.monotonic() + answer_s
        found += [
            _mount(path, question, max(LATE_S, give_up - time.monotonic()), answer_s, writable)
            for path, question in asked
        ]
    return found


def _mount(
    path: str, question: Question, left_s: float, answer_s: float, writable: bool
) -> Finding:
    name = f"folder {path}"
    try:
        seen = question.answer(Folder, left_s)
    except Hangs:
        return wrong(
            name,
            f"it does not answer within {answer_s:g} s: who serves it is away",
            "bring its server back, or unmount it by force: umount -f -l PATH",
        )
    except NoAnswer as error:
        return wrong(name, f"it cannot be looked at: {error}", "see what the sentence says")
    if seen.fault:
        return wrong(name, f"it cannot be read: {seen.fault}", "mount it, or mend its rights")
    if writable and seen.unwritable:
        advice = "give the user that tasks run as the right to write there"
        return wrong(name, f"nothing can be written there: {seen.unwritable}", advice)
    if writable and seen.free_gb < FREE_MIN_GB:
        return warning(name, f"only {seen.free_gb:.1f} GB are free on {seen.disk}", "make room")
    how = "to be read only" if seen.unwritable else "to be read and written"
    return ok(name, f"there, {how}; {_free(seen)}")


def state_folder(folder: Path) -> list[Finding]:
    """Look at where results and logs wait for the server: writable, on a disk of this machine."""
    name = "state folder"
    try:
        seen = Question("state-folder", str(folder)).answer(Folder, ANSWER_S)
    except NoAnswer as error:
        text = f"{folder} cannot be looked at: {error}"
        return [wrong(name, text, "name another one by --state-dir")]
    if seen.fault or seen.unwritable:
        text = f"{folder} cannot be used: {seen.fault or seen.unwritable}"
        return [wrong(name, text, "give it to the worker's user, or name another: --state-dir")]
    text = f"{folder}; {_free(seen)}"
    if seen.free_gb < FREE_MIN_GB:
        return [wrong(name, text, "make room: results and logs wait there for the server")]
    if seen.remote:
        advice = "name a folder on a disk of this machine: --state-dir"
        return [warning(name, f"{text}, which is another machine's", advice)]
    if seen.free_gb < FREE_LOW_GB:
        return [warning(name, text, "make room before long logs fill it")]
    return [ok(name, text)]


def _free(seen: Folder) -> str:
    return f"{seen.free_gb:,.1f} GB free on {seen.disk or 'its disk'}"
