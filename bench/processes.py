"""Processes of a bench: started pinned, measured through /proc, ended by their own process id. Linux only."""
import os
import signal
import socket
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A server that did not come up; its message holds the end of its log."""


class Processes:
    def __init__(self, folder):
        self.folder, self.running = folder, []

    def start(self, name, cmd, port, pin=None, env=None):
        """Starts `cmd` and returns its process once `port` accepts a connection."""
        log = os.path.join(self.folder, name + ".log")
        process = subprocess.Popen((["taskset", "-c", pin] if pin else []) + cmd, stdout=open(log, "w"), stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})}, start_new_session=True)
        self.running.append(process)
        for _ in range(400):
            if process.poll() is not None:
                raise Failed(f"{name} ended with {process.returncode}: " + open(log).read()[-2000:])
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                return process
            except OSError:
                time.sleep(0.05)
        self.stop(process)
        raise Failed(f"{name}: port {port} never opened: " + open(log).read()[-2000:])

    def stop(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def stop_all(self):
        for process in reversed(self.running):
            self.stop(process)


def fields(pid):
    text = open(f"/proc/{pid}/stat").read()
    return text[text.rindex(")") + 2:].split()


def tree(pid):
    """The process and all below it."""
    children, out, todo = {}, [], [pid]
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                children.setdefault(int(fields(entry)[1]), []).append(int(entry))
            except OSError:
                continue
    while todo:
        out.append(todo.pop())
        todo += children.get(out[-1], [])
    return out


def cpu(pids):
    """(user, sys) seconds of the processes, all threads, children already reaped included."""
    user = system = 0
    for pid in pids:
        try:
            f = fields(pid)
        except OSError:
            continue
        user += int(f[11]) + int(f[13])
        system += int(f[12]) + int(f[14])
    return user / TICK, system / TICK


def memory(pids):
    """(RSS, PSS) in MiB, summed over the processes."""
    total = {"Rss:": 0, "Pss:": 0}
    for pid in pids:
        try:
            for line in open(f"/proc/{pid}/smaps_rollup"):
                name, value = line.split()[:2]
                if name in total:
                    total[name] += int(value)
        except (OSError, ValueError):
            pass
    return total["Rss:"] / 1024, total["Pss:"] / 1024


def steal():
    """Seconds that the hypervisor took from this machine so far."""
    return int(open("/proc/stat").readline().split()[8]) / TICK
