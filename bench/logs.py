#!/usr/bin/env python3
"""`countersign explain access.log` against `grep -c ' 401 '` and GoAccess on the same file, in one run.

  logs.py BINARY [--size MIB] [--rounds N] [--file PATH] [--share PERCENT] [--out FILE]

Writes a log of nginx's combined format once (the same bytes for the same size and share), reads it into the page cache, and then
runs every program on it in turn, forth and back. Prints the medians of the rounds: CPU time, wall time, MB/s of CPU time, and the ratio to
grep's of the same round. Python's standard library only; GoAccess is left out where it is not installed.
"""
import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

AGENTS = ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "curl/8.14.1", "okhttp/4.12.0",
          "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"]
PATHS = ["/api/v1/orders/%d", "/api/v1/orders/%d/items?page=4", "/static/app.%d.js", "/users/%d/avatar.png", "/search?q=%d", "/healthz?%d"]
REFUSED = ["/api/v1/orders/%d", "/login?%d", "/admin/%d"]
BLOCK = 3600  # lines of one minute
BLOCKS = 60


def block(number, share):
    """The lines of one minute."""
    r = random.Random(number)
    lines = []
    for line in range(BLOCK):
        at = "01/Oct/2025:00:%02d:%02d +0000" % (number, line * 60 // BLOCK)
        # No size has three digits, which grep would take for a status.
        refused = r.random() * 100 < share
        path = r.choice(REFUSED if refused else PATHS) % r.randrange(100000)
        status = r.choice([401, 401, 401, 403, 429]) if refused else r.choices([200, 304, 404, 301, 500], [86, 6, 5, 2, 1])[0]
        client = "10.%d.%d.%d" % (r.randrange(4), r.randrange(8), r.randrange(256))
        lines.append('%s - - [%s] "%s %s HTTP/1.1" %d %d "-" "%s"\n' % (
            client, at, "POST" if path.startswith("/login") else "GET", path, status, r.randrange(1000, 48000), r.choice(AGENTS)))
    return "".join(lines).encode()


def write(path, size, share):
    # An hour is made, and its times are moved: a gigabyte of random lines would take Python minutes.
    blocks = [block(number, share) for number in range(BLOCKS)]
    written = minute = 0
    with open(path + ".part", "wb") as out:
        while written < size:
            day, rest = divmod(minute, 1440)
            now = b"[%02d/Oct/2025:%02d:" % (1 + day % 31, rest // 60)
            text = blocks[minute % BLOCKS].replace(b"[01/Oct/2025:00:", now)
            out.write(text)
            written += len(text)
            minute += 1
    os.rename(path + ".part", path)


def measure(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"})
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit("%s: %s" % (" ".join(command), done.stderr.decode(errors="replace")[-500:]))
    return {"cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, "wall": wall, "out": done.stdout}


def memory(command):
    """The largest size that the program had, in MiB, as the kernel tells it while it runs."""
    most = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as running:
        while running.poll() is None:
            with open("/proc/%d/status" % running.pid) as status:
                most = max([most] + [int(line.split()[1]) for line in status if line.startswith("VmHWM")])
            time.sleep(0.02)
    return most / 1024


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("binary")
    p.add_argument("--size", type=int, default=1000, help="of the log, in MB")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--share", type=float, default=2, help="of refusals, in per cent")
    p.add_argument("--file", help="the log; it is written where it is not there")
    p.add_argument("--out", help="writes every round's numbers as JSON")
    a = p.parse_args()
    path = a.file or os.path.join(tempfile.gettempdir(), "countersign-bench-%d-%g.log" % (a.size, a.share))
    if not os.path.exists(path):
        write(path, a.size * 1000 * 1000, a.share)
    size = os.path.getsize(path)
    programs = {
        "grep -c ' 401 '": ["grep", "-c", " 401 ", path],
        "countersign explain": [a.binary, "explain", path],
        "countersign explain --json": [a.binary, "--json", "explain", path],
    }
    goaccess = shutil.which("goaccess")
    if goaccess:
        programs["goaccess"] = [goaccess, path, "--log-format=COMBINED", "--no-global-config", "--no-progress", "-o", "json"]
    with open(path, "rb") as log:  # into the page cache
        while log.read(1 << 22):
            pass
    rounds = []
    for number in range(a.rounds):
        order = list(programs) if number % 2 == 0 else list(reversed(programs))
        # GoAccess takes minutes: once is enough.
        rounds.append({name: measure(programs[name]) for name in order if name != "goaccess" or number == 0})
    counted = int(rounds[0]["grep -c ' 401 '"]["out"])
    report = json.loads(rounds[0]["countersign explain --json"]["out"])
    ours = sum(row["count"] for row in report["by_status"] if row["status"] == 401)
    if counted != ours:
        sys.exit("grep counts %d refusals, countersign %d" % (counted, ours))
    print("%.0f MB, %d lines, %d refused, %d of them 401; %d rounds\n" % (size / 1e6, report["lines"], report["refused"], ours, a.rounds))
    print("| program | CPU s | wall s | MB/s of CPU | throughput to grep's | memory MiB |\n|---|---|---|---|---|---|")
    for name, command in programs.items():
        cpu = statistics.median(r[name]["cpu"] for r in rounds if name in r)
        wall = statistics.median(r[name]["wall"] for r in rounds if name in r)
        ratio = statistics.median(r["grep -c ' 401 '"]["cpu"] / r[name]["cpu"] for r in rounds if name in r)
        print("| `%s` | %.2f | %.2f | %.0f | %.2f | %.1f |" % (name, cpu, wall, size / 1e6 / cpu, ratio, memory(command)))
    if not goaccess:
        print("\ngoaccess is not installed and was left out", file=sys.stderr)
    if a.out:
        with open(a.out, "w") as out:
            json.dump([{name: {k: v for k, v in r[name].items() if k != "out"} for name in r} for r in rounds], out)


if __name__ == "__main__":
    main()
