#!/usr/bin/env bash
# Makes the certificates that the tests of TLS use: an authority, a server's, a client's,
# and a stranger's. They are valid for a hundred years.
set -euo pipefail
cd "$(dirname "$0")"

key() {
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
}

# Signs a certificate for NAME with the extensions in the second argument.
signed() {
    key "$1"
    openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -days 36500 -out "$1.crt" \
        -extfile <(printf '%s\n' "$2") 2>/dev/null
    rm "$1.csr"
}

key ca
openssl req -x509 -key ca.key -subj /CN=ca -days 36500 -out ca.crt \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
signed server 'subjectAltName=DNS:localhost,IP:127.0.0.1'
signed client 'subjectAltName=DNS:client.example,IP:192.0.2.7,email:a@client.example,URI:spiffe://example/client'
key stranger
openssl req -x509 -key stranger.key -subj /CN=stranger -days 36500 -out stranger.crt \
    -addext subjectAltName=DNS:stranger.example
rm -f ca.srl ca.key
