#!/usr/bin/env bash
# Makes the certificates that the tests of TLS use: an authority, two of a server, a
# client's, and a stranger's. They are valid for a hundred years.
set -euo pipefail
cd "$(dirname "$0")"

export DAYS=36500
../../prometheus/11_web_config.sh . \
    server=DNS:localhost,IP:127.0.0.1 \
    renewed=DNS:localhost,IP:127.0.0.1 \
    client=DNS:client.example,IP:192.0.2.7,email:a@client.example,URI:spiffe://example/client
rm password
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout stranger.key \
    -subj /CN=stranger -days "$DAYS" -out stranger.crt \
    -addext subjectAltName=DNS:stranger.example 2>/dev/null
chmod 644 ./*.key ./*.crt
