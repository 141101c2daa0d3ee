#!/usr/bin/env python3
"""`countersign explain LOG` against `grep -c` and GoAccess on the same file, in one run.

  logs.py BINARY [--form FORM] [--size MB] [--rounds N] [--share PERCENT] [--folder PATH] [--file PATH] [--out FILE]
  logs.py BINARY --all [...]    every form, one table each: combined with 2 and with 30 % refusals, Caddy's JSON, nginx's error log

Writes a log once (the same bytes for the same form, size and share), reads it into the page cache, and then runs every program
on it in turn, forth and back. What grep counts is what stands in every refusal: ` 401 `, `"status":401`, `password mismatch`. Prints the medians of the rounds: CPU time, wall time, MB/s of CPU time, and the ratio to
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


FORMS = {  # what grep counts, how times are written, and where the report has the same number
    "combined": (" 401 ", "[%02d/Oct/2025:%02d:", ("by_status", "status", 401)),
    "caddy": ('"status":401', '"ts":"2025-10-%02dT%02d:', ("by_status", "status", 401)),
    "nginx-error": ("password mismatch", "2025/10/%02d %02d:", ("by_cause", "cause", "password-wrong")),
}
CASES = [("combined", 2), ("combined", 30), ("caddy", 30), ("nginx-error", 30)]
QUIET = "connect() failed (111: Connection refused) while connecting to upstream"
REASONS = ['user "ann": password mismatch', 'user "ann": password mismatch', 'user "ann": password mismatch', "access forbidden by rule",
           'limiting requests, excess: 5.2 by zone "one"']


def line(form, r, number, second, share):
    """One line; the same choices in the same order, whatever the form."""
    at = (number, second)
    # No size has three digits, which grep would take for a status.
    refused = r.random() * 100 < share
    path = r.choice(REFUSED if refused else PATHS) % r.randrange(100000)
    choice = r.randrange(5)
    status = [401, 401, 401, 403, 429][choice] if refused else r.choices([200, 304, 404, 301, 500], [86, 6, 5, 2, 1])[0]
    client = "10.%d.%d.%d" % (r.randrange(4), r.randrange(8), r.randrange(256))
    size, agent = r.randrange(1000, 48000), r.choice(AGENTS)
    method = "POST" if path.startswith("/login") else "GET"
    if form == "caddy":
        return ('{"level":"info","ts":"2025-10-01T00:%02d:%02dZ","logger":"http.log.access","msg":"handled request","request":{"remote_ip":"%s",'
                '"remote_port":"51234","client_ip":"%s","proto":"HTTP/2.0","method":"%s","host":"www.example.org","uri":"%s","headers":{'
                '"User-Agent":["%s"],"Accept":["*/*"]}},"bytes_read":0,"user_id":"","duration":0.0012,"size":%d,"status":%d,'
                '"resp_headers":{"Server":["Caddy"]}}\n' % (*at, client, client, method, path, agent, size, status))
    if form == "nginx-error":
        return ('2025/10/01 00:%02d:%02d [error] 12#12: *%d %s, client: %s, server: www.example.org, request: "%s %s HTTP/1.1", '
                'host: "www.example.org"\n' % (*at, size, REASONS[choice] if refused else QUIET, client, method, path))
    return '%s - - [01/Oct/2025:00:%02d:%02d +0000] "%s %s HTTP/1.1" %d %d "-" "%s"\n' % (client, *at, method, path, status, size, agent)


def block(form, number, share):
    """The lines of one minute."""
    r = random.Random(number)
    return "".join(line(form, r, number, at * 60 // BLOCK, share) for at in range(BLOCK)).encode()


def write(path, size, share, form="combined"):
    # An hour is made, and its times are moved: a gigabyte of random lines would take Python minutes.
    blocks = [block(form, number, share) for number in range(BLOCKS)]
    written = minute = 0
    with open(path + ".part", "wb") as out:
        while written < size:
            day, rest = divmod(minute, 1440)
            hour = FORMS[form][1]
            now = hour % (1 + day % 31, rest // 60)
            text = blocks[minute % BLOCKS].replace((hour % (1, 0)).encode(), now.encode())
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
    p.add_argument("--form", choices=FORMS, default="combined")
    p.add_argument("--all", action="store_true", help="every form")
    p.add_argument("--size", type=int, default=1000, help="of the log, in MB")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--share", type=float, default=2, help="of refusals, in per cent")
    p.add_argument("--folder", default=tempfile.gettempdir(), help="where the logs are written")
    p.add_argument("--file", help="the log itself; it is written where it is not there")
    p.add_argument("--out", help="writes every round's numbers as JSON")
    a = p.parse_args()
    if a.all and a.file:
        p.error("--file names one log, --all measures several")
    cases = CASES if a.all else [(a.form, a.share)]
    out = {"%s %g" % case: run(a, *case) for case in cases}
    if not shutil.which("goaccess"):
        print("goaccess is not installed and was left out", file=sys.stderr)
    if a.out:
        with open(a.out, "w") as file:
            json.dump(out, file)


def run(a, form, share):
    """Measures one log, prints its table, and gives every round's numbers."""
    path = a.file or os.path.join(a.folder, "countersign-bench-%s-%d-%g.log" % (form, a.size, share))
    if not os.path.exists(path):
        write(path, a.size * 1000 * 1000, share, form)
    size = os.path.getsize(path)
    needle, _, (table, column, value) = FORMS[form]
    grep = "grep -c '%s'" % needle
    programs = {
        grep: ["grep", "-c", needle, path],
        "countersign explain": [a.binary, "explain", path],
        "countersign explain --json": [a.binary, "--json", "explain", path],
    }
    goaccess = shutil.which("goaccess")
    # It reads no error logs, and of Caddy's only those with times as numbers.
    if goaccess and form == "combined":
        programs["goaccess"] = [goaccess, path, "--log-format=COMBINED", "--no-global-config", "--no-progress", "-o", "json"]
    with open(path, "rb") as log:  # into the page cache
        while log.read(1 << 22):
            pass
    rounds = []
    for number in range(a.rounds):
        order = list(programs) if number % 2 == 0 else list(reversed(programs))
        # GoAccess takes minutes: once is enough.
        rounds.append({name: measure(programs[name]) for name in order if name != "goaccess" or number == 0})
    counted = int(rounds[0][grep]["out"])
    report = json.loads(rounds[0]["countersign explain --json"]["out"])
    ours = sum(row["count"] for row in report[table] if row[column] == value)
    if counted != ours:
        sys.exit("%s: grep counts %d refusals, countersign %d" % (form, counted, ours))
    print("%s, %g %% refused: %.0f MB, %d lines, %d refused, %d of them %s; %d rounds\n" % (
        form, share, size / 1e6, report["lines"], report["refused"], ours, value, a.rounds))
    print("| program | CPU s | wall s | MB/s of CPU | throughput to grep's | memory MiB |\n|---|---|---|---|---|---|")
    for name, command in programs.items():
        cpu = statistics.median(r[name]["cpu"] for r in rounds if name in r)
        wall = statistics.median(r[name]["wall"] for r in rounds if name in r)
        ratio = statistics.median(r[grep]["cpu"] / r[name]["cpu"] for r in rounds if name in r)
        print("| `%s` | %.2f | %.2f | %.0f | %.2f | %.1f |" % (name, cpu, wall, size / 1e6 / cpu, ratio, memory(command)))
    print(flush=True)
    return [{name: {k: v for k, v in r[name].items() if k != "out"} for name in r} for r in rounds]


if __name__ == "__main__":
    main()
