"""Load on one server: wrk for HTTP/1.1, h2load for HTTP/2, each with its answer read into one shape.

A result has `n` (answers), `rps`, `p50` and `p99` (ms, NaN where the tool does not say), `refused` (status 400 and above)
and `broken` (socket errors, time-outs).
"""
import http.client
import os
import re
import ssl

from material import HERE, sh

NAN = float("nan")


def milliseconds(text):
    m = re.match(r"([\d.]+)(us|ms|s|m)$", text)
    return float(m[1]) * {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}[m[2]]


def pinned(pin, cmd):
    return (["taskset", "-c", str(pin)] if pin else []) + cmd


def wrk(pin, url, headers, conns, seconds, script=None, arguments=()):
    cmd = ["wrk", "-t1", f"-c{conns}", f"-d{seconds}s", "--latency", "--timeout", "30s"]
    if script:
        cmd += ["-s", os.path.join(HERE, "lua", script)]
    for name, value in headers.items():
        cmd += ["-H", f"{name}: {value}"]
    out = sh(*pinned(pin, cmd + [url, "--", *map(str, arguments)]), timeout=seconds + 120)
    found = lambda rx: (re.search(rx, out) or [None, "0"])[1]
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    return dict(n=int(found(r"(\d+) requests in")), rps=float(found(r"Requests/sec:\s+([\d.]+)")),
                p50=milliseconds(found(r"\n +50% +(\S+)")), p99=milliseconds(found(r"\n +99% +(\S+)")),
                refused=int(found(r"Non-2xx or 3xx responses: (\d+)")), broken=sum(map(int, errors.groups())) if errors else 0)


def h2load(pin, url, headers, conns, seconds, streams):
    cmd = ["h2load", "-t1", f"-c{conns}", f"-m{streams}", f"-D{seconds}"]
    for name, value in headers.items():
        cmd += ["-H", f"{name}: {value}"]
    out = sh(*pinned(pin, cmd + [url]), timeout=seconds + 120)
    if "h2" not in (re.search(r"Application protocol: (\S+)", out) or [0, ""])[1]:
        raise RuntimeError("HTTP/2 was not negotiated")
    done = re.search(r"requests: (\d+) total, (\d+) started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", out)
    codes = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", out)
    return dict(n=int(done[3]), rps=float(re.search(r"([\d.]+) req/s", out)[1]), p50=NAN, p99=NAN,
                refused=int(codes[3]) + int(codes[4]), broken=int(done[6]) + int(done[7]))


def once(port, path, headers, tls=False, method="GET", body=None):
    """(status, length of the body, headers) of one request."""
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        c = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)
    else:
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    c.request(method, path, headers=headers, body=body)
    r = c.getresponse()
    return r.status, len(r.read()), r.headers
