"""A real Chromium without a window, driven over its debugging pipe: no driver program, no port, no library.

    with Browser() as browser:
        page = browser.open("http://127.0.0.1:8080/")
        page.click("#send")
        page.wait_for("document.title == 'done'")
        page.screenshot("shot.png")

Clicks and keys are real input events at the place where an element is. Every page has storage of its own.
"""

import base64
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time

from harness.requirements import find_program

PATIENCE = 30

# The browser reads commands from descriptor 3 and writes answers to descriptor 4.
_BECOME_BROWSER = """
import os, sys
read, write = (os.dup(int(number)) for number in sys.argv[1:3])
os.dup2(read, 103), os.dup2(write, 104)
os.dup2(103, 3, inheritable=True), os.dup2(104, 4, inheritable=True)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    def __init__(self):
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        their_read, self._write = os.pipe()
        self._read, their_write = os.pipe()
        command = [find_program("chromium"), "--headless=new", "--remote-debugging-pipe", "--no-first-run",
                   "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--mute-audio",
                   "--force-color-profile=srgb", "--lang=en-US", f"--user-data-dir={self._profile.name}"]
        if os.geteuid() == 0:
            command.append("--no-sandbox")
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BECOME_BROWSER, str(their_read), str(their_write), *command],
            pass_fds=(their_read, their_write), start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self._profile.name})
        os.close(their_read)
        os.close(their_write)
        self._buffer = b""
        self._number = 0
        self._pages = {}

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.close()

    def close(self):
        os.close(self._write)  # the end of its commands ends the browser
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._read)
        self._profile.cleanup()

    def open(self, url):
        """A new page with cookies and storage of its own, loaded."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(domain + ".enable")
        page.resize(1280, 800)
        page.go(url)
        return page

    def call(self, method, session=None, **parameters):
        """One command of the DevTools protocol and its answer."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        os.write(self._write, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE
        while True:
            message = self._next(end, method)
            if message.get("id") == number:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                return message["result"]

    def _next(self, end, what):
        while b"\0" not in self._buffer:
            if not select.select([self._read], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"waited {PATIENCE} s for Chromium to answer {what}")
            piece = os.read(self._read, 1 << 20)
            if not piece:
                raise AssertionError("Chromium has ended")
            self._buffer += piece
        line, self._buffer = self._buffer.split(b"\0", 1)
        message = json.loads(line)
        page = self._pages.get(message.get("sessionId"))
        if page and "method" in message:
            page.take(message["method"], message["params"])
        return message


class Page:
    def __init__(self, browser, session):
        self._browser = browser
        self._session = session
        self.requests = []  # the addresses of all that was asked for
        self.complaints = []  # errors of scripts and of the security policy

    def call(self, method, **parameters):
        return self._browser.call(method, self._session, **parameters)

    def take(self, event, values):
        if event == "Network.requestWillBeSent":
            self.requests.append(values["request"]["url"])
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(values["exceptionDetails"].get("exception", {}).get("description", "exception"))
        elif event == "Log.entryAdded" and values["entry"]["source"] in ("security", "javascript"):
            self.complaints.append(values["entry"]["text"])

    def go(self, url):
        self.call("Page.navigate", url=url)
        self.wait_for("document.readyState == 'complete'")

    def reload(self):
        self.evaluate("window.before_reload = true")
        self.call("Page.reload")
        self.wait_for("!window.before_reload && document.readyState == 'complete'")

    def evaluate(self, expression):
        """The value of a JavaScript expression; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_for(self, condition):
        """Waits until a JavaScript expression is true."""
        self._wait(condition, lambda: self.evaluate(f"Boolean({condition})"))

    def _wait(self, what, condition):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.02)
        raise AssertionError(f"waited {PATIENCE} s for {what}; the page shows: {self.text('body')[-1000:]}")

    def text(self, selector):
        return self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def click(self, selector):
        """A real click in the middle of the element, as soon as it is there and is what is seen in that place."""
        place = self._wait(f"{selector} to be there", lambda: self.evaluate(f"""(() => {{
            const element = document.querySelector({json.dumps(selector)});
            if (!element) return null;
            element.scrollIntoView({{block: "nearest"}});
            const box = element.getBoundingClientRect();
            const x = box.x + box.width / 2, y = box.y + box.height / 2;
            return element.contains(document.elementFromPoint(x, y)) ? [x, y] : null;
        }})()"""))
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def press(self, key, code=None):
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, "PageUp": 33}
        press = {"key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
        self.call("Input.dispatchKeyEvent", type="keyDown", **press, **({"text": "\r"} if key == "Enter" else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **press)

    def resize(self, width, height, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    def prefer(self, scheme):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def disconnect(self, offline):
        self.call("Network.emulateNetworkConditions", offline=offline, latency=0, downloadThroughput=-1,
                  uploadThroughput=-1)

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
