#!/bin/sh
# Makes the secrets that compose.yaml names, each a random text in a file of its own. What is there stays.
# The folder is closed to others; the files are readable because containers run as users of their own.
set -eu

folder="${1:-$(dirname "$0")/secrets}"
mkdir -p "$folder/channels" "$folder/background"
chmod 700 "$folder"
for name in influx_token influx_password postgres_password grafana_password; do
    [ -s "$folder/$name" ] && continue
    head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$folder/$name"
    chmod 444 "$folder/$name"
done
