"""Windows must die: closes the windows that crashed programs leave open (Windows).

Such a window keeps its process alive until somebody closes it, and with it the task. Where
the list of titles comes from: `MachineSettings.windows_must_die`.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from typing import Final, Protocol

WM_CLOSE: Final = 0x0010  # winuser.h
TITLE_MAX: Final = 512  # characters that are read of a title


class Desktop(Protocol):
    """The windows of a system."""

    def titles(self) -> Mapping[int, str]:
        """Each top-level window, by its handle, with its title."""

    def close(self, window: int) -> None:
        """Ask a window to close, as its cross does; harmless where it is gone."""


def close(desktop: Desktop, titles: Collection[str]) -> list[str]:
    """Close every window that bears one of these titles.

    Returns:
        The titles of those that were asked to close.
    """
    found = {window: title for window, title in desktop.titles().items() if title in titles}
    for window in found:
        desktop.close(window)
    return list(found.values())


def of_this_system() -> Desktop | None:
    """The desktop of the session that we run in; None where there are no such windows."""
    found: Desktop | None = None
    if sys.platform == "win32":
        found = WindowsDesktop()
    return found


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    class WindowsDesktop:
        """Windows of this session, by user32.

        Only what runs in the same session is seen: a worker that is a Windows service sees
        the windows of its own tasks, and nobody's desktop.
        """

        def __init__(self) -> None:
            user32 = ctypes.WinDLL("user32", use_last_error=True)
            self._visitor = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.HWND, wintypes.LPARAM)
            self._each = user32.EnumWindows
            self._each.argtypes = (self._visitor, wintypes.LPARAM)
            self._each.restype = wintypes.BOOL
            self._text = user32.GetWindowTextW
            self._text.argtypes = (wintypes.HWND, wintypes.LPWSTR, ctypes.c_int)
            self._text.restype = ctypes.c_int
            self._post = user32.PostMessageW
            self._post.argtypes = (
                wintypes.HWND,
                wintypes.UINT,
                wintypes.WPARAM,
                wintypes.LPARAM,
            )
            self._post.restype = wintypes.BOOL

        def titles(self) -> Mapping[int, str]:
            """Each top-level window with its title; a hung one tells its title, too."""
            found: dict[int, str] = {}
            text = ctypes.create_unicode_buffer(TITLE_MAX)

            def visit(window: int, _nothing: int) -> bool:
                if self._text(window, text, TITLE_MAX):
                    found[window] = text.value
                return True  # go on

            self._each(self._visitor(visit), 0)
            return found

        def close(self, window: int) -> None:
            """Post WM_CLOSE: unlike sending it, this does not wait for a program that hangs."""
            self._post(window, WM_CLOSE, 0, 0)
