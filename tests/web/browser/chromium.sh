#!/bin/sh
# Print where Chromium is; where there is none, install Debian's.
set -eu
for candidate in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
  if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1; then
    command -v "$candidate"
    exit
  fi
done
SUDO=""
[ "$(id -u)" = 0 ] || SUDO=sudo
export DEBIAN_FRONTEND=noninteractive
$SUDO apt-get update -qq -o Acquire::Retries=3 >&2
$SUDO apt-get install -y -qq -o Acquire::Retries=3 --no-install-recommends chromium fonts-dejavu-core >&2
command -v chromium
