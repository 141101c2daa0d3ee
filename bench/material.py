"""Keys, certificates, tokens and password files for one bench. All of it is throwaway; nothing here talks to a server.

Keys and streams of distinct tokens are kept in a cache folder, since RS256 takes a millisecond a signature; they are made
anew when the issuer's address changes or when they near their expiry.
"""
import base64
import hashlib
import http.client
import json
import os
import re
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
USER, PASSWORD = "alice", "correct-horse-battery"
ALGORITHMS = {"RS256": ("rs", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
              "ES256": ("es", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])}
TOKEN_LIFE = 90 * 86400


def sh(*cmd, **kw):
    return subprocess.run(cmd, check=True, capture_output=True, text=True, **kw).stdout


def base64url(b):
    return base64.urlsafe_b64encode(b).rstrip(b"=").decode()


def make(folder, issuer):
    """Fills `folder`; returns the template variables that describe it."""
    os.makedirs(folder, exist_ok=True)
    path = lambda name: os.path.join(folder, name)
    for name, args in ALGORITHMS.values():
        if not os.path.exists(path(name + ".crt")):
            sh("openssl", "genpkey", *args, "-out", path(name + ".key"))
            sh("openssl", "pkey", "-in", path(name + ".key"), "-pubout", "-out", path(name + ".pub"))
            sh("openssl", "req", "-x509", "-new", "-key", path(name + ".key"), "-days", "3650", "-subj", "/CN=localhost",
               "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", path(name + ".crt"))
    with open(path("tls.pem"), "w") as pem:  # HAProxy wants certificate and key in one file
        pem.write(open(path("es.crt")).read() + open(path("es.key")).read())
    modulus = sh("openssl", "rsa", "-pubin", "-in", path("rs.pub"), "-modulus", "-noout").split("=")[1].strip()
    point = base64.b64decode("".join(line for line in open(path("es.pub")) if "-" not in line[:2]))[-64:]
    json.dump({"keys": [
        {"kty": "RSA", "kid": "rs-1", "alg": "RS256", "use": "sig", "n": base64url(bytes.fromhex(modulus)), "e": "AQAB"},
        {"kty": "EC", "kid": "es-1", "alg": "ES256", "use": "sig", "crv": "P-256", "x": base64url(point[:32]), "y": base64url(point[32:])},
    ]}, open(path("jwks.json"), "w"))
    variables = {"USER": USER, "PASSWORD": PASSWORD, "BASIC": base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
    for algorithm in ALGORITHMS:
        variables[algorithm] = open(stream(folder, algorithm, issuer, 1, "one")).read().strip()
    variables.update(password_files(folder))
    os.chmod(folder, 0o755)
    for name in os.listdir(folder):  # peers drop their privileges before they read
        os.chmod(path(name), 0o644)
    return variables


def password_files(folder):
    hashed = {"bcrypt": ["-nbBC", "10"], "apr1": ["-nbm"], "sha": ["-nbs"]}
    hashed = {name: sh("htpasswd", *args, USER, PASSWORD).strip().split(":", 1)[1] for name, args in hashed.items()}
    for name, value in hashed.items():
        open(os.path.join(folder, name + ".htpasswd"), "w").write(f"{USER}:{value}\n")
    ha1 = hashlib.md5(f"{USER}:r:{PASSWORD}".encode()).hexdigest()
    open(os.path.join(folder, "digest.htdigest"), "w").write(f"{USER}:r:{ha1}\n")
    return {"HASH_BCRYPT": hashed["bcrypt"], "HASH_MD5CRYPT": sh("openssl", "passwd", "-1", PASSWORD).strip()}


def stream(folder, algorithm, issuer, count, name, first=0):
    """A file of at least `count` distinct tokens, one a line, numbered from `first`."""
    out = os.path.join(folder, f"{name}.{algorithm.lower()}.tokens")
    stamp = out + ".stamp"
    want = {"issuer": issuer, "first": first}
    try:
        kept = json.load(open(stamp))
        fresh = time.time() - os.path.getmtime(stamp) < TOKEN_LIFE - 7 * 86400
        if fresh and kept["count"] >= count and {k: kept[k] for k in want} == want:
            return out
    except (OSError, ValueError, KeyError):
        pass
    mint(folder, algorithm, issuer, first, count, out)
    seen = set()
    with open(out, "rb") as lines:
        for line in lines:
            seen.add(hashlib.blake2b(line, digest_size=12).digest())
    if len(seen) != count:
        raise SystemExit(f"{out}: {len(seen)} distinct tokens, wanted {count}")
    json.dump({**want, "count": count}, open(stamp, "w"))
    return out


def mint(folder, algorithm, issuer, first, count, out):
    """Signs with one process a core, then joins the parts."""
    key = ALGORITHMS[algorithm][0]
    shares = min(os.cpu_count() or 1, count)
    parts, running = [], []
    for i in range(shares):
        a, b = first + count * i // shares, first + count * (i + 1) // shares
        parts.append(f"{out}.{i}")
        running.append(subprocess.Popen(["node", os.path.join(HERE, "mint.mjs"), algorithm, os.path.join(folder, key + ".key"),
                                         key + "-1", issuer, str(a), str(b - a), parts[-1]]))
    if any([p.wait() for p in running]):
        raise SystemExit("minting tokens failed")
    with open(out, "wb") as joined:
        for part in parts:
            joined.write(open(part, "rb").read())
            os.remove(part)


def proofs(folder, issuer, port, path, count):
    """A bound token, and a file of as many proofs for it (DPoP), one a line, that count once and for a minute."""
    out = os.path.join(folder, "dpop.proofs")
    url = f"http://127.0.0.1:{port}{path}"
    token = sh("node", os.path.join(HERE, "prove.mjs"), os.path.join(folder, "es.key"), "es-1", issuer, url, str(count), out)
    return token.strip(), out


def digest_challenge(port, path):
    """The parameters of the Digest challenge that this server gives now."""
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    c.request("GET", path)
    return dict(re.findall(r'(\w+)="?([^",]+)"?', c.getresponse().getheader("WWW-Authenticate") or ""))


def digest_arguments(port, path):
    """What digest.lua needs to answer a challenge of this server's any number of times."""
    f = digest_challenge(port, path)
    return [USER, f["realm"], f["nonce"], hashlib.md5(f"{USER}:{f['realm']}:{PASSWORD}".encode()).hexdigest(), path]


def digest_header(port, path):
    """An answer to the Digest challenge that this server gives now."""
    f = digest_challenge(port, path)
    h = lambda s: hashlib.md5(s.encode()).hexdigest()
    answer = h(f"{h(USER + ':' + f['realm'] + ':' + PASSWORD)}:{f['nonce']}:00000001:0a4f113b:auth:{h('GET:' + path)}")
    return (f'Digest username="{USER}", realm="{f["realm"]}", nonce="{f["nonce"]}", uri="{path}", algorithm=MD5, '
            f'response="{answer}", qop=auth, nc=00000001, cnonce="0a4f113b"')
