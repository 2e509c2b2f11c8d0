"""Documents whose `console` blocks are run, and what they print compared with what the block shows.

In such a block a line that begins with `$ ` is a command, those below it are its output. `…` inside a line stands for any text,
`…` alone on a line for any lines.

`COMMAND 2> FILE &` starts a host, which the commands after it find running; `kill %1` stops it, and it must end with status 0.
While one runs, a command that only looks is asked until it shows what it should, or its time is over.
"""

import os
import pathlib
import re
import signal
import subprocess
import time

DEADLINE = 120
SHOWN_WITHIN = 30  # what a host is about to do
LOOKS = ("sqlite3 ", "cat ", "sluice queues ", "sluice dead-letters ls ")


def commands(text):
    """[(command, the lines that the document shows)] in the order of the document."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def pattern(shown):
    return "".join(r"(?:.*\n)*?" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + r"\n" for line in shown)


class Shell:
    """Runs the commands of a document in a folder. `close` ends the host that a document has left running."""

    def __init__(self, folder, environment):
        self.folder, self.environment, self.host = folder, environment, None

    def check(self, test, command, shown):
        if command.endswith(" &"):
            self.start(test, command.removesuffix(" &"))
        elif command == "kill %1":
            self.stop(test)
        else:
            end = time.monotonic() + SHOWN_WITHIN
            while True:
                done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE)
                matches = re.fullmatch(pattern(shown), done.stdout) is not None and done.returncode == 0
                if matches or self.host is None or not command.startswith(LOOKS) or time.monotonic() > end:
                    break
                time.sleep(0.05)  # what a host is about to do tells nobody that it is done
            test.assertTrue(matches, f"{command} printed, with status {done.returncode},\n{done.stdout}\n"
                            "and the document shows\n" + "\n".join(shown))

    def start(self, test, command):
        log = self.folder / re.search(r"2> (\S+)$", command)[1]
        self.host = subprocess.Popen(["bash", "-c", f"exec {command}"], cwd=self.folder, env=self.environment,
                                     stdin=subprocess.DEVNULL)
        end = time.monotonic() + DEADLINE
        while not (log.exists() and "runs: " in log.read_text()):
            test.assertIsNone(self.host.poll(), log.read_text() if log.exists() else "")
            test.assertLess(time.monotonic(), end, log.read_text() if log.exists() else "")
            time.sleep(0.02)  # a file tells nobody that it has grown

    def stop(self, test):
        host, self.host = self.host, None
        host.send_signal(signal.SIGTERM)
        test.assertEqual(host.wait(DEADLINE), 0)

    def close(self):
        if self.host is not None:
            self.host.kill()
            self.host.wait()


def environment(build, **variables):
    """With the program of this build on the path."""
    return os.environ | {"PATH": f"{pathlib.Path(build) / 'bin'}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"} | variables
