#!/bin/sh
# Installs the exporter, or another version of it, and starts it. Run it as root in this
# repository's top folder, after the build.
set -eu

built=target/release/09_redis_exporter
program=/usr/local/bin/redis_exporter
[ -e "$built" ] || { echo "there is no $built: build it first" >&2; exit 1; }
# For a rollback, which the same build again must not replace.
if [ -e "$program" ] && ! cmp -s "$built" "$program"; then
    cp "$program" "$program.previous"
fi
# A rename, because the file of a running program can't be written.
install -m 755 "$built" "$program.new"
mv "$program.new" "$program"
install -m 644 deploy/redis_exporter.service deploy/redis_exporter.socket \
    /etc/systemd/system
systemctl daemon-reload
systemctl enable --now redis_exporter.socket
systemctl enable redis_exporter.service
systemctl restart redis_exporter.service
# One that ends at once, for example because its files are missing.
sleep 1
systemctl is-active redis_exporter.service
