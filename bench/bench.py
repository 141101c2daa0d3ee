#!/usr/bin/env python3
"""Alternating load bench for HTTP servers on 127.0.0.1: CPU per request, RPS, latency, memory, and ratios between cases.

  bench.py SUITE.json [--quick] [--only REGEX] [--rounds N] [--seconds N] [--set NAME=VALUE ...]

Python's standard library only. README.md says what is run, how a suite is written and how to read the table.
"""
import argparse
import json
import os
import re
import shutil
import statistics
import sys
import tempfile
import time

import gateway
import load
import material
import processes
from processes import Failed

CREDENTIALS = ("Authorization", "X-API-Key", "Cookie")
COLUMNS = ["case", "CPU µs/req", "user", "sys", "min..max", "decision svc µs", "RPS", "p50 ms", "p99 ms", "RSS MiB", "PSS MiB", "bad",
           "against", "ratio", "target", "reached"]


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("suite")
    p.add_argument("--quick", action="store_true", help="one short round and short memory runs: to see that everything works")
    p.add_argument("--only", help="regex on case names; the cases they are compared with are run too")
    p.add_argument("--rounds", type=int)
    p.add_argument("--seconds", type=int, help="of one measured run")
    p.add_argument("--conns", type=int, default=32)
    p.add_argument("--base", help="case that a case without `against` is compared with (default: the suite's, or the first)")
    p.add_argument("--pin-server", default="0", help="CPU list for the servers under test, '' for none")
    p.add_argument("--pin-load", default="1", help="CPU for the load, the backend and the decision service, '' for none")
    p.add_argument("--nice", type=int, default=0, help="niceness of everything it starts; below 0 needs root")
    p.add_argument("--port", type=int, default=21000, help="first port; each server gets a block of 10")
    p.add_argument("--cache", default=os.path.join(tempfile.gettempdir(), "bench-cache"), help="keeps keys and tokens between runs")
    p.add_argument("--run-dir", help="kept when named; otherwise a temporary folder, removed at the end")
    p.add_argument("--out", help="writes every round's numbers as JSON")
    p.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="template variable, over the suite's own `vars`")
    a = p.parse_args()
    a.rounds = a.rounds or (1 if a.quick else 3)
    a.seconds = a.seconds or (1 if a.quick else 3)
    a.cache = os.path.abspath(a.cache)  # peers resolve relative paths in ways of their own
    a.slice = 6000 if a.quick else 20000
    return a


def note(text):
    print("# " + text, file=sys.stderr, flush=True)


def substitute(text, variables):
    for _ in range(4):
        text = re.sub(r"@([A-Z0-9_]+)@", lambda m: variables.get(m[1], m[0]), text)
    return text


class Bench:
    def __init__(self, a, suite, run):
        self.a, self.suite, self.run = a, suite, run
        self.processes = processes.Processes(run)
        self.servers, self.blocks = {}, 0
        self.used = {}  # (server, algorithm) -> tokens of the stream that it has seen
        self.issuer = f"http://127.0.0.1:{a.port + 2}"
        self.keys = os.path.join(a.cache, "keys")
        self.variables = {"ROOT": "", "TRAEFIK_EXTRA": "", "AUTH_JWT": "", "TLS_LISTEN": "", "TLS_BIND": "", "TLS_SECTION": "", "BULK": "",
                          "KEYS": self.keys, "TOOLS": os.path.join(run, "bin"), "HERE": material.HERE, "ISSUER": self.issuer,
                          "BACKEND": str(a.port), "DECISION": str(a.port + 1)}
        self.variables.update(material.make(self.keys, self.issuer))
        self.variables.update(suite.get("vars", {}))
        self.variables.update(kv.split("=", 1) for kv in a.set)

    # ---- servers ----------------------------------------------------------------------------------------------------
    def start_surroundings(self):
        """The backend, the decision service and the issuer, all on the load's CPU."""
        os.makedirs(self.variables["TOOLS"], exist_ok=True)
        for tool in ("backend", "relay"):
            material.sh("cc", "-O2", "-o", os.path.join(self.variables["TOOLS"], tool), os.path.join(material.HERE, "tools", tool + ".c"))
        backend, pin, port = os.path.join(self.variables["TOOLS"], "backend"), self.a.pin_load, self.a.port
        self.processes.start("backend", [backend, str(port), "body"], port, pin)
        self.decision = self.processes.start("decision", [backend, str(port + 1), "auth"], port + 1, pin)
        self.processes.start("issuer", [sys.executable, os.path.join(material.HERE, "issuer.py"), str(port + 2),
                                        os.path.join(self.keys, "jwks.json")], port + 2, pin)

    def start_server(self, kind, name=None):
        """Starts one server of the suite; returns (process, variables), or None with a note."""
        name, s = name or kind, self.suite["servers"][kind]
        folder = os.path.join(self.run, name)
        os.makedirs(folder, exist_ok=True)
        self.blocks += 1
        first = self.a.port + 10 * self.blocks
        v = {**self.variables, "RUN": folder, "NAME": name, **{f"PORT{j}": str(first + j) for j in range(10)}}
        v.update({k: substitute(x, v) for k, x in s.get("vars", {}).items()})
        for k, template in s.get("include", {}).items():
            v[k] = open(os.path.join(material.HERE, "templates", template)).read()
        for template, out in s.get("templates", {}).items():
            text = open(os.path.join(material.HERE, "templates", template)).read()
            open(os.path.join(folder, out), "w").write(substitute(text, v))
        cmd = [substitute(x, v) for x in s["cmd"]]
        if shutil.which(cmd[0]) is None:
            note(f"{name}: {cmd[0]} not found, left out")
            return None
        try:
            if "prepare" in s:
                v.update(gateway.prepare(cmd[0], substitute(s["prepare"], v)))
            env = {k: substitute(x, v) for k, x in s.get("env", {}).items()}
            process = self.processes.start(name, cmd, first, self.a.pin_server, env)
            if s.get("sign_in"):
                v.update(gateway.sign_in(first))
        except (Failed, RuntimeError, OSError) as e:
            note(f"{name} left out: {e}")
            return None
        return process, v

    # ---- one case ---------------------------------------------------------------------------------------------------
    def address(self, c, v):
        return int(v[f"PORT{c.get('port', 0)}"]), c.get("path", "/plain/x")

    def headers(self, c, v):
        headers = {k: substitute(x, v) for k, x in c.get("headers", {}).items()}
        if c.get("distinct"):
            headers["Authorization"] = "Bearer " + v[c["distinct"]]
        if headers.get("Authorization") == "dpop":
            token, file = material.proofs(self.keys, self.issuer, *self.address(c, v), 1)
            headers.update(Authorization="DPoP " + token, DPoP=open(file).read().strip())
        if headers.get("Authorization") == "digest":
            headers["Authorization"] = material.digest_header(*self.address(c, v))
        return headers

    def proves(self, c, v):
        """Asks once and compares with what the case expects; where credentials are sent, absent and broken ones must be refused."""
        port, path = self.address(c, v)
        headers = self.headers(c, v)
        body = b"x" * 1048576 if c.get("script") == "upload.lua" else None
        ask = lambda h: load.once(port, path, h, c.get("tls"), "POST" if body else "GET", body)
        status, length = c.get("expect", [200, 512])
        for _ in range(30):  # some servers open the port before their routes are in place
            got = ask(headers)
            if got[0] == status and length in (None, got[1]):
                break
            time.sleep(0.1)
        else:
            return f"answered {got[0]} with {got[1]} bytes, wanted {status} with {length}"
        for name in CREDENTIALS:
            if name in headers and status < 400 and not c.get("unchecked"):
                value = headers[name]
                without = ask({k: x for k, x in headers.items() if k != name})[0]
                broken = ask({**headers, name: value[:-9] + "AAAAAAAA" + value[-1]})[0]
                if not (300 <= without < 500 and 300 <= broken < 500):
                    return f"without {name} it answered {without}, with a broken one {broken}"
        return None

    def loaded(self, c, v, seconds, slice_=None):
        port, path = self.address(c, v)
        url = f"{'https' if c.get('tls') else 'http'}://127.0.0.1:{port}{path}"
        headers, conns, pin = self.headers(c, v), c.get("conns", self.a.conns), self.a.pin_load
        if c.get("http2"):
            return load.h2load(pin, url, headers, conns, seconds, c["http2"])
        if slice_:
            headers.pop("Authorization")
            file, first, count = slice_
            w = load.wrk(pin, url, headers, conns, 300, "distinct.lua", slice_)
            if not count - conns - 1 <= w["n"] <= count:
                raise RuntimeError(f"{c['name']}: {w['n']} answers to {count} distinct tokens: some were lost or sent twice")
            return w
        if "DPoP" in headers:
            token, file = material.proofs(self.keys, self.issuer, port, path, self.a.slice)
            headers = {"Authorization": "DPoP " + token}
            return load.wrk(pin, url, headers, conns, 300, "distinct.lua", (file, 0, self.a.slice, "DPoP"))
        arguments = [substitute(x, v) for x in c.get("arguments", [])]
        if c.get("script") == "digest.lua":
            headers.pop("Authorization")
            arguments = material.digest_arguments(port, path)
        return load.wrk(pin, url, headers, conns, seconds, c.get("script"), arguments)

    def measured(self, c, process, v, seconds, slice_=None):
        """Loads the server once and adds what that cost it."""
        pids, helper = processes.tree(process.pid), processes.tree(self.decision.pid)
        cpu0, decision0, steal0 = processes.cpu(pids), processes.cpu(helper), processes.steal()
        w = self.loaded(c, v, seconds, slice_)
        cpu1, decision1 = processes.cpu(pids), processes.cpu(helper)
        per = 1e6 / max(w["n"], 1)
        w["rss"], w["pss"] = processes.memory(pids)
        w.update(cpu=(sum(cpu1) - sum(cpu0)) * per, user=(cpu1[0] - cpu0[0]) * per, sys=(cpu1[1] - cpu0[1]) * per,
                 dec=(sum(decision1) - sum(decision0)) * per, steal=processes.steal() - steal0)
        expected = w["refused"] if c.get("expect", [200])[0] < 400 else w["n"] - w["refused"]
        w["bad"] = max(expected, 0) + w["broken"]
        return w

    def next_slice(self, c):
        """Tokens that this server has not seen yet; None for a case that sends the same credentials each time."""
        algorithm = c.get("distinct")
        if not algorithm:
            return None
        at = self.used.get((c["server"], algorithm), 0)
        self.used[c["server"], algorithm] = at + self.a.slice
        return self.stream(algorithm), at, self.a.slice

    def stream(self, algorithm):
        same = {}
        for c in self.cases:
            if c.get("distinct") == algorithm:
                same[c["server"]] = same.get(c["server"], 0) + 1
        return material.stream(self.keys, algorithm, self.issuer, self.a.slice * self.a.rounds * max(same.values()), "stream")

    # ---- all cases --------------------------------------------------------------------------------------------------
    def speed(self):
        """Runs the cases A B C, then C B A, and so on; returns {case: [a result a round]}."""
        ready = []
        for c in self.cases:
            if c["server"] not in self.servers:
                self.servers[c["server"]] = self.start_server(c["server"])
            if self.servers[c["server"]] is None:
                continue
            try:
                fault = self.proves(c, self.servers[c["server"]][1])
            except (OSError, KeyError) as e:
                fault = repr(e)
            if fault:
                note(f"{c['name']}: {fault}; left out")
                continue
            if c.get("distinct"):
                self.stream(c["distinct"])
            ready.append(c)
        for c in ready:
            self.loaded(c, self.servers[c["server"]][1], 1)
        results = {c["name"]: [] for c in ready}
        for r in range(self.a.rounds):
            for c in ready if r % 2 == 0 else ready[::-1]:
                process, v = self.servers[c["server"]]
                w = self.measured(c, process, v, min(c.get("seconds", self.a.seconds), self.a.seconds * 2), self.next_slice(c))
                results[c["name"]].append(w)
                note(f"round {r + 1} {c['name']}: {w['cpu']:.1f} µs {w['rps']:.0f} rps bad={w['bad']} steal={w['steal']:.2f}s")
        return results

    def memory(self, c):
        """Loads a server of its own in steps; returns its RSS at rest and after each step, and the last step's result."""
        started = self.start_server(c["server"], c["name"].replace(" ", "-"))
        if started is None:
            return None
        process, v = started
        try:
            if c.get("path"):
                fault = self.proves({k: x for k, x in c.items() if k != "script"}, v)
                if fault:
                    note(f"{c['name']}: {fault}; left out")
                    return None
            time.sleep(0.5)  # what it does once after its start is not its rest
            sizes, w = [processes.memory(processes.tree(process.pid))[0]], None
            for step in range(c.get("steps", 0)):
                slice_ = None
                if c.get("distinct"):
                    count = c["count"] // c["steps"] // (10 if self.a.quick else 1)
                    file = material.stream(self.keys, c["distinct"], self.issuer, count, "memory", first=10_000_000 + step * count)
                    slice_ = file, 0, count
                w = self.measured(c, process, v, 2 if self.a.quick else c.get("seconds", 5), slice_)
                sizes.append(w["rss"])
                note(f"{c['name']} step {step + 1}: {w['n']} requests, {w['rss']:.0f} MiB, bad={w['bad']}")
            return sizes, w, disk(v["RUN"])
        finally:
            self.processes.stop(process)

    # ---- the table --------------------------------------------------------------------------------------------------
    def rows(self, results):
        base = self.a.base or self.suite.get("base") or next(iter(results), None)
        for c in self.cases:
            rounds = results.get(c["name"])
            if not rounds:
                continue
            median = lambda k: statistics.median(w[k] for w in rounds)
            against, ratio = c.get("against", base), None
            if against in results:  # the median of the rounds' ratios: both sides of a round ran close in time
                ratio = statistics.median(w["cpu"] / max(b["cpu"], 1e-9) for w, b in zip(rounds, results[against]))
            target = c.get("target")
            spread = [w["cpu"] for w in rounds]
            yield [c["name"], f"{median('cpu'):.1f}", f"{median('user'):.1f}", f"{median('sys'):.1f}", f"{min(spread):.1f}..{max(spread):.1f}",
                   f"{median('dec'):.1f}", f"{median('rps'):.0f}", number(median("p50")), number(median("p99")), f"{median('rss'):.0f}",
                   f"{median('pss'):.0f}", str(sum(w["bad"] for w in rounds)), against if ratio is not None else "–",
                   "–" if ratio is None else f"{ratio:.2f}", "–" if target is None else f"≤ {target}", verdict(ratio, target)]

    def memory_row(self, c, outcome):
        sizes, w, kept = outcome
        cell = lambda k, f=".1f": format(w[k], f) if w else "–"
        if w is None:
            ratio, target, reached = "–", f"< {c['below']} MiB", "yes" if sizes[0] < c["below"] else "**no**"
        else:  # bounded: the last step, as long as the others, adds next to nothing
            growth = sizes[-1] / sizes[-2]
            ratio, target, reached = f"{growth:.2f}", "≤ 1.05", verdict(growth, 1.05)
        return [c["name"], cell("cpu"), cell("user"), cell("sys"), "–", "–", cell("rps", ".0f"), "–", "–",
                " → ".join(f"{s:.0f}" for s in sizes) + (f" (disk {kept:.1f})" if w else ""), "–", cell("bad", "d"),
                "the step before" if w else "–", ratio, target, reached]


def number(x):
    return "–" if x != x else f"{x:.2f}"


def verdict(ratio, target):
    if target is None or ratio is None:
        return "–"
    return "yes" if ratio <= target else "**no**"


def disk(folder):
    """MiB of all files below a folder."""
    return sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(folder) for f in files) / 1048576


def chosen(suite, only):
    """The cases that match, and those that they are compared with."""
    wanted = {c["name"] for c in suite["cases"] if not only or re.search(only, c["name"])}
    wanted |= {c.get("against") for c in suite["cases"] if c["name"] in wanted}
    if any("against" not in c for c in suite["cases"] if c["name"] in wanted):
        wanted.add(suite.get("base"))
    return [c for c in suite["cases"] if c["name"] in wanted], [c for c in suite.get("memory", []) if not only or re.search(only, c["name"])]


def main():
    a = options()
    suite = json.load(open(a.suite))
    if a.nice:
        os.setpriority(os.PRIO_PROCESS, 0, a.nice)
    run = os.path.abspath(a.run_dir) if a.run_dir else tempfile.mkdtemp(prefix="bench-")
    os.makedirs(run, exist_ok=True)
    os.chmod(run, 0o755)
    bench = Bench(a, suite, run)
    try:
        bench.cases, memory = chosen(suite, a.only)
        bench.start_surroundings()
        results = bench.speed()
        for started in filter(None, bench.servers.values()):
            bench.processes.stop(started[0])
        outcomes = [(c, bench.memory(c)) for c in memory]
        table = [COLUMNS, ["---"] * len(COLUMNS), *bench.rows(results), *(bench.memory_row(c, o) for c, o in outcomes if o)]
        for row in table:
            print("| " + " | ".join(row) + " |")
        if a.out:
            json.dump({**results, **{c["name"]: o for c, o in outcomes if o}}, open(a.out, "w"), indent=1)
    finally:
        bench.processes.stop_all()
        if not a.run_dir:
            shutil.rmtree(run, ignore_errors=True)


main()
