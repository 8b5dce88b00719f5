"""Drives Chromium without a window through the DevTools protocol, over a pipe: no driver program
and no port are needed."""

import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

PROGRAM = "chromium"
FLAGS = (
    "--headless --remote-debugging-pipe --no-first-run --disable-gpu --disable-dev-shm-usage "
    "--disable-extensions --disable-background-networking --disable-component-update --hide-scrollbars"
)
SECONDS = 30


def silent(_signal, _frame):
    raise RuntimeError(f"the browser has said nothing for {SECONDS} seconds")


class Browser:
    """A browser with an empty profile of its own; what its pages do is kept in `events`."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="trawl-chromium-")
        command = [PROGRAM, *FLAGS.split(), f"--user-data-dir={self.profile}"]
        if os.geteuid() == 0:  # its sandbox refuses root
            command.append("--no-sandbox")
        ours, theirs = os.pipe(), os.pipe()
        pipes = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (theirs[0], ours[1])]

        def become_three_and_four():
            os.dup2(pipes[0], 3)
            os.dup2(pipes[1], 4)

        self.process = subprocess.Popen(
            command + ["about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self.profile},
            start_new_session=True,
            pass_fds=(3, 4),
            preexec_fn=become_three_and_four,
        )
        for fd in (theirs[0], ours[1], *pipes):
            os.close(fd)
        self.input = open(theirs[1], "wb", buffering=0)
        self.output = open(ours[0], "rb")
        self.buffered = b""
        self.number = 0
        self.session = None
        self.events = []
        signal.signal(signal.SIGALRM, silent)

    def close(self):
        signal.alarm(0)
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.input.close()
        self.output.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def read(self):
        while b"\0" not in self.buffered:
            more = os.read(self.output.fileno(), 1 << 20)
            if not more:
                raise RuntimeError("the browser has ended")
            self.buffered += more
        message, self.buffered = self.buffered.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        signal.alarm(SECONDS)
        self.input.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, file, scripts=True, dark=False, width=1280, height=900):
        """Shows the file in a new page and returns the milliseconds until it had loaded."""
        self.session = None
        self.events = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )
        scheme = "dark" if dark else "light"
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        self.call("Page.navigate", url=pathlib.Path(file).resolve().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.read())

    def run(self, script):
        """The value of a JavaScript expression in the page; a promise is waited for."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def press(self, key, code=None, text=None):
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.call(
                "Input.dispatchKeyEvent",
                type=kind, key=key, code=code or key, windowsVirtualKeyCode=KEYS.get(key, 0), **more,
            )

    def methods(self, method):
        """The parameters of the events of that name."""
        return [event["params"] for event in self.events if event.get("method") == method]


KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40}
