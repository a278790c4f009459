"""A headless Chromium, driven over its DevTools protocol: no more than these tests need."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

START_MAX_S = 30.0
ANSWER_MAX_S = 30.0
PATIENCE_S = 15.0  # generous: the machine may be busy
LOOK_S = 0.03  # between two looks at the page
MESSAGE_MAX = 64 * 1024 * 1024
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)


class PageFailed(Exception):
    """What was asked of the page raised there."""


class Browser:
    """One Chromium.

    Args:
        connection: to its DevTools.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._asked = 0
        self._pages: dict[str, Page] = {}

    def call(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """Ask for something and wait for the answer; what is told meanwhile is passed on."""
        self._asked += 1
        asked = {"id": self._asked, "method": method, "params": params}
        self._connection.send(json.dumps(asked | ({"sessionId": session} if session else {})))
        give_up = time.monotonic() + ANSWER_MAX_S
        while True:
            message = json.loads(self._connection.recv(give_up - time.monotonic()))
            if message.get("id") == self._asked:
                if "error" in message:
                    raise PageFailed(f"{method}: {message['error']['message']}")
                found: dict[str, Any] = message["result"]
                return found
            self._tell(message)

    def _tell(self, message: dict[str, Any]) -> None:
        page = self._pages.get(message.get("sessionId", ""))
        if page is not None and "method" in message:
            page.told(message["method"], message["params"])

    @contextmanager
    def page(self) -> Iterator[Page]:
        """A new page with nothing kept from those before."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        page = Page(self, attached["sessionId"])
        self._pages[attached["sessionId"]] = page
        try:
            for domain in ("Page", "Runtime", "Log"):
                page.call(f"{domain}.enable")
            page.resize(1280, 800)
            yield page
        finally:
            del self._pages[attached["sessionId"]]
            self.call("Target.disposeBrowserContext", browserContextId=context)


class Page:
    """One page.

    Args:
        browser: that shows it.
        session: its DevTools session.
    """

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session
        self.complaints: deque[str] = deque(maxlen=100)  # errors, warnings, refusals of the CSP

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **params)

    def told(self, method: str, params: dict[str, Any]) -> None:
        """Keep what the page complains of."""
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            said = details.get("exception", {}).get("description", details["text"])
            self.complaints.append(f"exception: {said}")
        elif method == "Log.entryAdded" and params["entry"]["level"] in {"error", "warning"}:
            entry = params["entry"]
            self.complaints.append(f"{entry['source']}: {entry['text']} {entry.get('url', '')}")
        elif method == "Runtime.consoleAPICalled" and params["type"] in {"error", "warning"}:
            said = " ".join(str(item.get("value", "?")) for item in params["args"])
            self.complaints.append(f"console: {said}")

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def resize(self, width: int, height: int, *, dark: bool = False, calm: bool = True) -> None:
        """Make the window so large, light or dark, with or without motion."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        motion = {"name": "prefers-reduced-motion", "value": "reduce" if calm else ""}
        self.call("Emulation.setEmulatedMedia", features=[scheme, motion])

    def ask(self, expression: str) -> Any:
        """The value of an expression; of what it promises, when it is one."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise PageFailed(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Wait until an expression, or what it promises, holds; also across a navigation."""
        give_up = time.monotonic() + PATIENCE_S
        while (found := self._holds(expression)) is not True:
            if time.monotonic() > give_up:
                shown = self.ask("document.body.innerText")[:2_000]
                why = f"{found}\n{list(self.complaints)}\n{shown}"
                raise AssertionError(f"never true: {expression}\n{why}")
            time.sleep(LOOK_S)

    def _holds(self, expression: str) -> bool | str:
        """Whether it does, or why that cannot be said."""
        try:
            return bool(self.ask(f"Promise.resolve({expression}).then(Boolean)"))
        except PageFailed as error:
            return str(error)

    def text(self, selector: str) -> str:
        """The text of an element as it is shown, on one line."""
        found = self.ask(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")
        return " ".join(str(found).split())

    def texts(self, selector: str) -> list[str]:
        """The texts of all such elements."""
        found: list[str] = self.ask(
            f"[...document.querySelectorAll({json.dumps(selector)})].map((item) => item.innerText)"
        )
        return [" ".join(item.split()) for item in found]

    def click(self, selector: str) -> None:
        self.ask(f"document.querySelector({json.dumps(selector)}).click()")

    def press(self, key: str) -> None:
        """Press and release a key where the focus is."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        code = {"Enter": 13, "Escape": 27, "ArrowRight": 39, "ArrowDown": 40}.get(key, 0)
        common = {"key": key, "windowsVirtualKeyCode": code or ord(key[0].upper())}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def mouse(self, kind: str, x: float, y: float) -> None:
        """Send `mouseMoved`, `mousePressed` or `mouseReleased`."""
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, path: Path) -> None:
        """Keep what is seen as a PNG."""
        answer = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(answer["data"]))


@contextmanager
def browser(program: str, folder: Path) -> Iterator[Browser]:
    """Run Chromium with a profile of its own in a folder."""
    with (folder / "chromium.log").open("wb") as log:
        command = [program, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        url = _address(process, folder)
        with connect(url, max_size=MESSAGE_MAX, compression=None, proxy=None) as connection:
            yield Browser(connection)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[bytes], folder: Path) -> str:
    """Where its DevTools listen: it writes that into its profile."""
    place = folder / "profile" / "DevToolsActivePort"
    give_up = time.monotonic() + START_MAX_S
    while time.monotonic() < give_up and process.poll() is None:
        lines = place.read_text().splitlines() if place.exists() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(LOOK_S)
    raise AssertionError(
        f"Chromium did not start: {(folder / 'chromium.log').read_text()[-2_000:]}"
    )
