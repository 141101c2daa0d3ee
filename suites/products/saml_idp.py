"""An identity provider on pysaml2: one person, who signs in by a form and is remembered by a cookie.

Arguments: port, folder. The folder holds idp.key, idp.pem, and sp.xml, the service's metadata; a file `style` says what
is signed (assertion, response or both).
"""

import html
import os
import secrets
import sys
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server

port, folder = int(sys.argv[1]), sys.argv[2]
base = f"http://127.0.0.1:{port}"
at = lambda name: os.path.join(folder, name)
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"

config = IdPConfig().load({
    "entityid": f"{base}/metadata",
    "key_file": at("idp.key"),
    "cert_file": at("idp.pem"),
    "xmlsec_binary": "/usr/bin/xmlsec1",
    "metadata": {"local": [at("sp.xml")]},
    "signing_algorithm": RSA_SHA256,
    "digest_algorithm": SHA256,
    "service": {"idp": {
        "endpoints": {
            "single_sign_on_service": [(f"{base}/sso", BINDING_HTTP_REDIRECT), (f"{base}/sso", BINDING_HTTP_POST)],
            "single_logout_service": [(f"{base}/slo", BINDING_HTTP_REDIRECT)],
        },
        "want_authn_requests_signed": True,
        "want_authn_requests_only_with_valid_cert": True,
        "policy": {"default": {"name_form": "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"}},
    }},
})
server = Server(config=config)
style = open(at("style")).read().strip() if os.path.exists(at("style")) else "both"
sessions = {}
PERSON = {"uid": ["ann"], "mail": ["ann@example.test"], "displayName": ["Ann Example"], "eduPersonAffiliation": ["staff", "member"]}
NAME = NameID(format=NAMEID_FORMAT_PERSISTENT, text="person-17")


def form_of(environ):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    text = environ["wsgi.input"].read(length).decode() if environ["REQUEST_METHOD"] == "POST" else environ["QUERY_STRING"]
    return {name: values[0] for name, values in parse_qs(text).items()}


def page(start, text, headers=()):
    start("200 OK", [("Content-Type", "text/html; charset=utf-8"), *headers])
    return [text.encode()]


def see(start, location, headers=()):
    start("303 See Other", [("Location", location), *headers])
    return [b""]


def known(environ):
    cookies = dict(pair.strip().split("=", 1) for pair in environ.get("HTTP_COOKIE", "").split(";") if "=" in pair)
    return cookies.get("idp") if cookies.get("idp") in sessions else None


def sso(environ, start):
    form = form_of(environ)
    binding = BINDING_HTTP_POST if environ["REQUEST_METHOD"] == "POST" else BINDING_HTTP_REDIRECT
    request = server.parse_authn_request(
        form["SAMLRequest"], binding, relay_state=form.get("RelayState"), sigalg=form.get("SigAlg"), signature=form.get("Signature"))
    token = secrets.token_hex(8)
    sessions.setdefault("asked", {})[token] = request.message
    if known(environ) and not request.message.force_authn:
        return answer(environ, start, token, known(environ))
    return page(start, f"""<title>Provider</title><h1>Who are you?</h1><form method="post" action="/login">
<input type="hidden" name="token" value="{token}"><label>Name <input name="name"></label>
<label>Password <input name="password" type="password"></label><button>Sign in</button></form>""")


def login(environ, start):
    form = form_of(environ)
    if (form.get("name"), form.get("password")) != ("ann", "secret"):
        return page(start, "<p role=alert>No.</p>")
    session = secrets.token_hex(8)
    sessions[session] = True
    return answer(environ, start, form["token"], session, [("Set-Cookie", f"idp={session}; Path=/; HttpOnly")])


def answer(environ, start, token, session, headers=()):
    message = sessions["asked"].pop(token)
    arguments = server.response_args(message)
    response = server.create_authn_response(
        PERSON, userid="ann", name_id=NAME, authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": base},
        sign_response=style != "assertion", sign_assertion=style != "response", sign_alg=RSA_SHA256, digest_alg=SHA256,
        in_response_to=arguments["in_response_to"], destination=arguments["destination"], sp_entity_id=arguments["sp_entity_id"])
    sent = server.apply_binding(BINDING_HTTP_POST, str(response), arguments["destination"], "", response=True)
    data = sent["data"]
    return page(start, data if isinstance(data, str) else "".join(data), headers)


def slo(environ, start):
    form = form_of(environ)
    forget = [("Set-Cookie", "idp=; Path=/; Max-Age=0")]
    if "SAMLResponse" in form:
        return page(start, "<h1>Everybody knows</h1>", forget)
    request = server.parse_logout_request(
        form["SAMLRequest"], BINDING_HTTP_REDIRECT, relay_state=form.get("RelayState"), sigalg=form["SigAlg"], signature=form["Signature"])
    assert request.message.name_id.text == NAME.text, request.message.name_id
    response = server.create_logout_response(request.message, [BINDING_HTTP_REDIRECT])
    sent = server.apply_binding(BINDING_HTTP_REDIRECT, str(response), response.destination, form.get("RelayState", ""),
                                response=True, sign=True, sigalg=RSA_SHA256)
    return see(start, dict(sent["headers"])["Location"], forget)


def leave(environ, start):
    """Ends the person's session here, and asks the service to do so too."""
    service = server.metadata.with_descriptor("spsso")
    entity = next(iter(service))
    destination = server.metadata.single_logout_service(entity, BINDING_HTTP_REDIRECT, "spsso")[0]["location"]
    _, request = server.create_logout_request(destination, entity, name_id=NAME, expire=None, sign=False)
    sent = server.apply_binding(BINDING_HTTP_REDIRECT, str(request), destination, "leaving", sign=True, sigalg=RSA_SHA256)
    return see(start, dict(sent["headers"])["Location"])


def metadata(environ, start):
    start("200 OK", [("Content-Type", "application/samlmetadata+xml")])
    return [str(entity_descriptor(config)).encode()]


ROUTES = {"/sso": sso, "/login": login, "/slo": slo, "/leave": leave, "/metadata": metadata}


def application(environ, start):
    route = ROUTES.get(environ["PATH_INFO"])
    if not route:
        start("404 Not Found", [])
        return [b""]
    try:
        return route(environ, start)
    except Exception as fault:  # what a person running this would want to see
        start("500 Internal Server Error", [("Content-Type", "text/plain")])
        print(f"{environ['PATH_INFO']}: {fault!r}", file=sys.stderr)
        return [html.escape(repr(fault)).encode()]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


make_server("127.0.0.1", port, application, handler_class=Quiet).serve_forever()
