"""A token issuer as a gateway sees one: discovery and a JWKS on 127.0.0.1. It issues nothing, and calls every token active that it is asked about.

issuer.py PORT JWKS_FILE
"""
import http.server
import json
import sys
import time


def main():
    port, jwks = int(sys.argv[1]), open(sys.argv[2], "rb").read()
    issuer = f"http://127.0.0.1:{port}"
    pages = {
        "/.well-known/openid-configuration": json.dumps({
            "issuer": issuer, "jwks_uri": issuer + "/jwks.json", "authorization_endpoint": issuer + "/authorize",
            "token_endpoint": issuer + "/token", "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"]}).encode(),
        "/jwks.json": jwks,
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            page = pages.get(self.path)
            self.send_response(200 if page else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(page or b"")))
            self.end_headers()
            self.wfile.write(page or b"")

        def do_POST(self):
            """Whatever is asked about is active for an hour."""
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            said = {"active": True, "sub": "ann", "aud": "api", "scope": "orders:read", "exp": int(time.time()) + 3600}
            body = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


main()
