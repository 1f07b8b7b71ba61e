# shellcheck shell=bash
# Sourced by the scripts that install tools. Everything lands in .emulators/ of the project, so that removing that folder
# removes it all; only Debian packages, when one is missing, go to the system.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=$root/.emulators
mkdir -p "$tools/installed"
# The virtual environments are ours, and without compiled byte code every start of a tool takes seconds longer.
unset PYTHONDONTWRITEBYTECODE

say() { echo "$(basename "$0"): $*" >&2; }

fail() {
    say "$@"
    exit 1
}

# need COMMAND PACKAGE: makes sure that a command exists, from its Debian package where it does not.
need() {
    if command -v "$1" >/dev/null; then return; fi
    command -v apt-get >/dev/null || fail "\`$1\` is missing; install it with this system's package manager"
    say "installing the Debian package $2"
    local as_root=()
    [[ $EUID -eq 0 ]] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null
}

# once NAME INPUT COMMAND…: runs the command unless it already succeeded for the same input (versions, file contents).
# Two scripts that install at the same time take turns.
once() {
    local name=$1 input=$2 started=$SECONDS
    local stamp=$tools/installed/$name
    shift 2
    (
        if command -v flock >/dev/null; then flock 9; fi
        if [[ -f $stamp && $(<"$stamp") == "$input" ]]; then exit; fi
        say "installing $name"
        rm -f "$stamp"
        "$@"
        echo "$input" >"$stamp"
        say "installed $name in $((SECONDS - started)) s"
    ) 9>"$tools/installed/.$name.lock"
}

# python_tools NAME PIP_ARGUMENT…: a fresh virtual environment .emulators/NAME with these packages.
python_tools() {
    local venv=$tools/$1
    shift
    need python3 python3
    python3 -c 'import ensurepip' 2>/dev/null || need ensurepip python3-venv
    rm -rf "$venv"
    python3 -m venv "$venv"
    # Byte code is made on first use: most of what the packages bring is never loaded, and compiling it all would double
    # the time.
    "$venv/bin/pip" install --quiet --no-compile --disable-pip-version-check "$@"
}
