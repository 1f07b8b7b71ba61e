# shellcheck shell=bash
# shellcheck disable=SC2034 # the scripts that source this use them
# Sourced by the scripts of this folder: where the emulator listens and where it keeps its files.

# shellcheck source-path=SCRIPTDIR source=../scripts/tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/tools.sh"

port=${SYSTOLE_LOCALSTACK_PORT:-4566}
# DynamoDB answers on a port of its own as well, see `up`.
dynamodb_port=$((port + 1))
endpoint=http://127.0.0.1:$port

# One folder per port, so that the tests' emulator and a developer's can run side by side.
run=$tools/run/$port
# Every process of this emulator carries this value in its environment; nothing else does.
marker=$root:$port

# has_docker: whether a Docker engine answers; a client alone is not enough.
has_docker() { docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; }

# A busy machine may take seconds to answer.
is_healthy() { curl --fail --silent --max-time 10 "$endpoint/_localstack/health" >/dev/null; }

# processes: the ids of the emulator's processes, the functions and DynamoDB included. Host mode only.
processes() {
    local found
    found=$(grep -lzxF "SYSTOLE_EMULATOR=$marker" /proc/[0-9]*/environ 2>/dev/null || true)
    sed -n 's|^/proc/\([0-9]*\)/environ$|\1|p' <<<"$found"
}

# offer RUN: makes .emulators/emulator.env and .emulators/local.env those of this emulator.
offer() {
    local file
    for file in emulator.env local.env; do ln -sfn "${1#"$tools"/}/$file" "$tools/$file"; done
}

# in_emulator COMMAND…: runs a command whose AWS is the emulator, whatever account the caller's environment names.
in_emulator() {
    env --unset=AWS_PROFILE --unset=AWS_SESSION_TOKEN --unset=AWS_ENDPOINT_URL_DYNAMODB \
        AWS_ENDPOINT_URL="$endpoint" AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \
        AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1 PYTHONPYCACHEPREFIX="$tools/pycache" "$@"
}
