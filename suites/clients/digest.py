"""Asks the gateway with two clients of Python: three requests over one session each, and one with a wrong password.

It is given the address, the name and the password, and prints a JSON object of statuses; the Rust test beside it judges.
"""

import json
import sys

import httpx
import requests
from requests.auth import HTTPDigestAuth

base, name, password = sys.argv[1:4]
targets = ["/requests/a?b=c&d=%20", "/requests/b", "/requests/a?b=c&d=%20"]

session = requests.Session()
session.auth = HTTPDigestAuth(name, password)
with_requests = [session.get(base + target).status_code for target in targets]
with_requests.append(session.post(base + "/requests/posted", data="body").status_code)

with httpx.Client(auth=httpx.DigestAuth(name, password)) as client:
    with_httpx = [client.get(base + target.replace("requests", "httpx")).status_code for target in targets]
    with_httpx.append(client.post(base + "/httpx/posted", content="body").status_code)

wrong = [
    requests.get(base + "/requests/wrong", auth=HTTPDigestAuth(name, "wrong")).status_code,
    httpx.get(base + "/httpx/wrong", auth=httpx.DigestAuth(name, "wrong")).status_code,
]
print(json.dumps({"requests": with_requests, "httpx": with_httpx, "wrong": wrong}))
