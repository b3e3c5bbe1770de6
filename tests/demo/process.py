"""`seqzoo demo` as a process that notes whom it asks."""

import os
import subprocess
import sys
import threading

# The command, and a note of every host that the process asks. A shell that runs the
# tests in its background has Ctrl-C ignored.
START = """
import signal
import sys
signal.signal(signal.SIGINT, signal.default_int_handler)
log = open(sys.argv.pop(1), "a", buffering=1)
def heed(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        print(event, arguments[1 if event == "socket.connect" else 0], file=log)
sys.addaudithook(heed)
from seqzoo.cli import main
sys.exit(main())
"""


class Process:
    """A running `seqzoo demo`."""

    def __init__(self, folder, *arguments):
        self.asked = folder / "asked.txt"
        self.running = subprocess.Popen(
            [sys.executable, "-c", START, self.asked, "demo", "--no-open", *arguments],
            # What Gradio would listen to by itself is not what we want of it.
            env=os.environ | {"GRADIO_SERVER_NAME": "0.0.0.0", "TMPDIR": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.folder = folder
        self.address = self.running.stdout.readline().strip()
        self.port = int(self.address.rstrip("/").rpartition(":")[2])
        # A pipe that nobody reads would fill up and stop the process.
        self.errors = []
        self.reader = threading.Thread(
            target=lambda: self.errors.extend(self.running.stderr), daemon=True
        )
        self.reader.start()

    def end(self, number):
        """Its exit status, and what it printed besides the address."""
        self.running.send_signal(number)
        status = self.running.wait(60)
        self.reader.join(10)
        rest = self.running.stdout.read() + "".join(self.errors)
        self.running.stdout.close()
        self.running.stderr.close()
        return status, rest
