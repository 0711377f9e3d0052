#!/bin/sh
# Runs a command in namespaces of its own, as a twin has them, with an empty /run/netns: what kernel tests need, and nothing
# leaks. Processes that are left behind end with the command.
set -eu
user=""
[ "$(id -u)" = 0 ] || user="--user --map-root-user"
# shellcheck disable=SC2086
exec unshare $user --net --mount --pid --uts --ipc --fork --kill-child --mount-proc --propagation private sh -c '
  mkdir -p /run/netns 2>/dev/null || mount -t tmpfs tmpfs /run
  mkdir -p /run/netns
  mount -t tmpfs tmpfs /run/netns
  ip link set lo up
  # PID 1 must reap orphans, which Node does not.
  exec 3<&0
  "$@" <&3 3<&- & p=$!
  trap "kill -TERM $p" TERM INT
  while :; do wait $p; r=$?; kill -0 $p 2>/dev/null || exit $r; done' sh "$@"
