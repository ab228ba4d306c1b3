# Sourced by server/demo and tests/all: a virtual environment with this project in it, made once.
#
# The caller sets ROOT to the repository's root. `ensure_venv [GROUP ...]` installs the project (and dependency groups of
# pyproject.toml, such as dev) into $ROOT/.venv and sets PY to its Python. On Debian and Ubuntu a missing Python is installed
# with apt; elsewhere it has to be there: 3.11 or newer, with venv.

say() {
    printf '%s\n' "$*" >&2
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

makes_venvs() {
    is_new_enough "$1" && "$1" -c 'import venv, ensurepip' >/dev/null 2>&1
}

find_python() {
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if makes_venvs "$candidate"; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Quiet; when it fails, apt_error is the first error that apt gave.
apt_get() {
    apt_error=""
    apt_said=$(as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -qq "$@" 2>&1 >/dev/null) && return 0
    apt_error=$(printf '%s\n' "$apt_said" | grep '^E:' | head -n 1)
    return 1
}

apt_install() {
    apt_get install -y --no-install-recommends "$@"
}

install_python() {
    if ! command -v apt-get >/dev/null 2>&1; then
        say "Python 3.11 or newer with venv is needed, and this system has no apt to install it with."
        return 1
    fi
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
        say "Python 3.11 or newer with venv is needed; as root: apt-get install python3 python3-venv"
        return 1
    fi
    say "Installing python3 and python3-venv with apt ..."
    apt_get update || true
    apt_install ca-certificates python3 python3-venv || true
    first_error=${apt_error:-}
    # Where the system's own Python is older, a newer one may stand beside it.
    for version in 3.14 3.13 3.12 3.11; do
        find_python >/dev/null && return 0
        apt_install "python$version" "python$version-venv" || true
    done
    find_python >/dev/null && return 0
    say "No Python 3.11 or newer with venv could be had from apt. ${first_error:-This release has an older one only.}"
    return 1
}

ensure_venv() {
    PY="$ROOT/.venv/bin/python"
    if ! is_new_enough "$PY"; then
        base=$(find_python) || { install_python && base=$(find_python); } || return 1
        say "Making $ROOT/.venv ..."
        "$base" -m venv --clear "$ROOT/.venv" || return 1
    fi
    # What is installed: for which project file, at which place (a checkout may be moved), and one line for each group.
    made_for="$(cksum <"$ROOT/pyproject.toml") $ROOT"
    installed=$(cat "$ROOT/.venv/.installed" 2>/dev/null) || installed=""
    if [ "$(printf '%s\n' "$installed" | head -n 1)" = "$made_for" ]; then
        missing=""
        for group in "$@"; do
            printf '%s\n' "$installed" | grep -qx "$group" || missing="$missing $group"
        done
        [ -n "$missing" ] || return 0
    fi
    say "Installing typethrough into .venv ..."
    groups=""
    for group in "$@"; do
        groups="$groups --group $group"
    done
    # Dependency groups are understood by pip from 25.1 on. $groups holds several words.
    # shellcheck disable=SC2086
    if (
        cd "$ROOT" &&
            { [ -z "$groups" ] || "$PY" -m pip install -qq --disable-pip-version-check --upgrade 'pip>=25.1'; } &&
            "$PY" -m pip install -qq --disable-pip-version-check $groups -e .
    ) >&2; then
        printf '%s\n' "$made_for" "$@" >"$ROOT/.venv/.installed"
    elif "$PY" -c 'import typethrough' >/dev/null 2>&1; then
        say "The installation could not be brought up to date (no network?); going on with what is there."
    else
        say "The installation failed."
        return 1
    fi
}
