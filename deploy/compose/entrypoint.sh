#!/bin/sh
# Reads secrets from files: for DUSTWATCH_X_FILE and PGPASSWORD_FILE the file's content becomes
# DUSTWATCH_X and PGPASSWORD. Then runs the command.
set -eu

for name in $(env | sed -n 's/^\(DUSTWATCH_[A-Z_]*\|PGPASSWORD\)_FILE=.*/\1/p'); do
    path=$(printenv "${name}_FILE")
    if [ ! -r "$path" ]; then
        echo "${name}_FILE=$path cannot be read; make the secrets with deploy/compose/make-secrets.sh" >&2
        exit 2
    fi
    export "$name=$(cat "$path")"
    unset "${name}_FILE"
done
exec "$@"
