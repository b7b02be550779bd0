#!/bin/sh
# Installs from apt what the server and browser tests need and this machine lacks. Needs root where
# something is missing; does nothing where all is there.
set -eu

lacking=""
need() { # need PACKAGE TEST...
    package="$1"
    shift
    "$@" >/dev/null 2>&1 || lacking="$lacking $package"
}

found() { # a program on PATH or where Debian keeps daemons
    PATH="$PATH:/usr/sbin:/sbin" command -v "$1"
}

postgres_found() {
    for program in /usr/lib/postgresql/*/bin/initdb; do
        [ -x "$program" ] && return 0
    done
    found initdb
}

chinese_found() {
    [ -n "$(find /usr/share/fonts -iname '*cjk*' -print -quit)" ]
}

need mosquitto found mosquitto
need mosquitto-clients found mosquitto_pub
need postgresql postgres_found
need chromium found chromium
need chromium-driver found chromedriver
need fonts-noto-cjk chinese_found

if [ -z "$lacking" ]; then
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "tests/servers/install.sh: as root, run: apt-get install$lacking" >&2
    exit 3
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086  # a list of packages
apt-get install -y -qq --no-install-recommends $lacking >/dev/null
