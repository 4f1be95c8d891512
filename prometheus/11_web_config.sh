#!/usr/bin/env bash
# Makes certificates for lesson 11: an authority's, and one that it signs for the exporter
# and for Prometheus each, which are valid for a year or for so many DAYS. Also the file
# with Prometheus's password. Run it in this repository's top folder:
#
#   [DAYS=-1] prometheus/11_web_config.sh [FOLDER [NAME=SUBJECT_ALTERNATIVE_NAMES]...]
set -euo pipefail

folder=${1:-target/11_web_config}
shift || true
[ $# -gt 0 ] || set -- server=DNS:localhost,IP:127.0.0.1 client=DNS:prometheus.example
mkdir -p "$folder"
cd "$folder"
# The keys are for nobody else.
umask 077

key() {
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
}

key ca
openssl req -x509 -key ca.key -subj /CN=ca -days 3650 -out ca.crt \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
for pair; do
    name=${pair%%=*}
    key "$name"
    openssl req -new -key "$name.key" -subj "/CN=$name" -addext "subjectAltName=${pair#*=}" |
        openssl x509 -req -CA ca.crt -CAkey ca.key -days "${DAYS:-365}" -out "$name.crt" \
            -copy_extensions copy 2>/dev/null
done
# Whoever has this key can sign more certificates.
rm -f ca.key ca.srl
printf scrape >password
echo "made the certificates in $PWD"
