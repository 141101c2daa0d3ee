#!/bin/sh
# An app behind CGI that wants a bearer token and sees only what the server hands it.
if [ -n "$HTTP_AUTHORIZATION" ]; then printf 'Status: 200\r\nContent-Type: text/plain\r\n\r\nwelcome\n'; exit; fi
printf 'Status: 401\r\nWWW-Authenticate: Bearer\r\nContent-Type: application/json\r\n\r\n{"error":"Missing Authorization header"}\n'
