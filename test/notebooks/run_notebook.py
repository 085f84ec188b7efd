"""Run a notebook with nbclient and report what it cost.

usage: run_notebook.py NOTEBOOK OUT

Writes the executed notebook to OUT and prints one line of JSON: wall seconds and the largest
proportional memory (PSS, MB) that the kernel's processes held together.
"""

import json
import os
import sys
import threading
import time

import nbformat
from nbclient import NotebookClient


def descendants(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            children = [int(child) for child in file.read().split()]
    except OSError:
        return []
    return [p for child in children for p in [child, *descendants(child)]]


def pss(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024
    except (OSError, StopIteration):
        return 0.0


def main():
    source, out = sys.argv[1:3]
    notebook = nbformat.read(source, as_version=4)
    client = NotebookClient(notebook, timeout=900, kernel_name="causalmixft", record_timing=False)
    peak = 0.0
    ended = threading.Event()

    def watch():
        nonlocal peak
        while not ended.wait(0.2):
            peak = max(peak, sum(pss(pid) for pid in descendants(os.getpid())))

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.monotonic()
    try:
        client.execute(cwd=os.path.dirname(os.path.abspath(source)))
    finally:
        ended.set()
        watcher.join()
        nbformat.write(notebook, out)
    print(json.dumps({"seconds": time.monotonic() - start, "megabytes": peak}))


main()
