#!/bin/sh
# Starts coturn with what only this machine knows; the secret is in no image and on no command line.
set -eu
umask 077
: "${RELAY_ADDRESS:?the IPv4 address of this machine that relays}"
: "${TALCHUM_TURN_SECRET:?the secret shared with the call servers}"
directory=$(mktemp -d)
{
    cat "$(dirname "$0")/turnserver.conf"
    echo "listening-port=${TURN_PORT:-3478}"
    echo "listening-ip=$RELAY_ADDRESS"
    echo "relay-ip=$RELAY_ADDRESS"
    # Both sides of a call may need the relay, and then each one's peer is the relay itself.
    echo "allowed-peer-ip=$RELAY_ADDRESS"
    if [ -n "${EXTERNAL_ADDRESS:-}" ]; then
        echo "external-ip=$EXTERNAL_ADDRESS/$RELAY_ADDRESS"
        echo "allowed-peer-ip=$EXTERNAL_ADDRESS"
    fi
    if [ -n "${TURN_CERTIFICATE:-}" ]; then
        echo "tls-listening-port=${TURN_TLS_PORT:-5349}"
        echo "cert=$TURN_CERTIFICATE"
        echo "pkey=$TURN_CERTIFICATE_KEY"
        echo "no-dtls"
    else
        echo "no-tls"
        echo "no-dtls"
    fi
    echo "static-auth-secret=$TALCHUM_TURN_SECRET"
    echo "pidfile=$directory/turnserver.pid"
    echo "userdb=$directory/turnserver.sqlite"
} >"$directory/turnserver.conf"
exec turnserver -c "$directory/turnserver.conf"
