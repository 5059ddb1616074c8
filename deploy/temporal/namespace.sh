#!/bin/sh
# Creates the namespace once the server responds. Safe to repeat.
set -eu

tries=60
until temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
        echo "Temporal at $TEMPORAL_ADDRESS did not make namespace $TEMPORAL_NAMESPACE." >&2
        exit 1
    fi
    sleep 2
done
