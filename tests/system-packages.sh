#!/bin/sh
# Installs the programs that the tests drive as users would: browsers, TURN, ffmpeg, network namespaces.
set -eu

missing=""
need() { # program, Debian package
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || missing="$missing $2"
}

need chromium chromium
need firefox-esr firefox-esr
need turnserver coturn
need ffmpeg ffmpeg
need nft nftables
need ip iproute2
need nginx nginx-light
need curl curl
need buildah buildah
need mmdebstrap mmdebstrap
fc-list 2>/dev/null | grep -qi 'noto.*cjk' || missing="$missing fontconfig fonts-noto-cjk"

[ -z "$missing" ] && exit 0

if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of package names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "the tests also need:$missing"
    echo "install them (Debian, Ubuntu: sudo apt install$missing); tests that cannot run say so and are skipped"
fi
