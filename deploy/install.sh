#!/bin/sh
# Installs the exporter, or another version of it, and starts it. Run it as root in this
# repository's top folder, after the build.
set -eu

program=/usr/local/bin/redis_exporter
# For a rollback.
[ ! -e "$program" ] || cp "$program" "$program.previous"
# A rename, because the file of a running program can't be written.
install -m 755 target/release/09_redis_exporter "$program.new"
mv "$program.new" "$program"
install -m 644 deploy/redis_exporter.service deploy/redis_exporter.socket \
    /etc/systemd/system
systemctl daemon-reload
systemctl enable --now redis_exporter.socket
systemctl enable redis_exporter.service
systemctl restart redis_exporter.service
