"""What our own gateway needs before it is measured: an account, an API key, a session. Credentials are made the way people make them."""
import http.client
import html
import json
import re
import subprocess
import urllib.parse

from material import PASSWORD, USER


def prepare(binary, config):
    """Makes the account and its API key with the command line; returns template variables."""
    run = lambda *args, **kw: subprocess.run([binary, *args, "--config", config], check=True, capture_output=True, text=True, **kw).stdout
    try:
        run("user", "add", USER, "--scope", "orders:read", "--role", "staff", "--password-stdin", input=PASSWORD + "\n")
        made = json.loads(run("key", "add", "--user", USER, "--scope", "orders:read", "--expires", "90d", "--json"))
    except subprocess.CalledProcessError as e:
        raise SystemExit(f"{' '.join(e.cmd)} exited with {e.returncode}: {e.stderr[-2000:]}")
    return {"APIKEY": made["key"]}


def sign_in(port):
    """Signs in by the login page; returns the session's cookie pair as a template variable."""
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    c.request("GET", "/oauth2/sign_in", headers={"Accept": "text/html"})
    page = c.getresponse()
    text = page.read().decode()
    fields = {}
    for tag in re.findall(r"<input\b[^>]*>", text):
        attributes = {k: html.unescape(v) for k, v in re.findall(r'(\w+)="([^"]*)"', tag)}
        if attributes.get("type") == "hidden" and "name" in attributes:
            fields[attributes["name"]] = attributes.get("value", "")
    cookies = pairs(page)
    fields.update(username=USER, password=PASSWORD)
    c.request("POST", "/oauth2/sign_in", urllib.parse.urlencode(fields),
              {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Origin": f"http://127.0.0.1:{port}",
               "Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())})
    answer = c.getresponse()
    answer.read()
    after = {k: v for k, v in pairs(answer).items() if v and cookies.get(k) != v}
    if answer.status not in (200, 302, 303) or not after:
        raise RuntimeError(f"sign-in answered {answer.status} and set {sorted(after)}")
    return {"SESSION": "; ".join(f"{k}={v}" for k, v in after.items())}


def pairs(answer):
    return dict(line.split(";", 1)[0].split("=", 1) for line in answer.headers.get_all("Set-Cookie") or [])
