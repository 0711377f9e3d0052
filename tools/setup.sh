#!/bin/sh
# Installs what is missing: Debian packages (no daemon is started), npm packages, the build. Idempotent and quick when nothing is.
#   --tools-only   Debian packages only
#   --for-tests    also what the tests use (dig, tcpdump, containerd, a second client)
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
want=all
tests=no
for argument; do
  case $argument in
    --tools-only) want=tools ;;
    --for-tests) tests=yes ;;
    *) echo "fairlead setup: unknown option $argument (--tools-only, --for-tests)" >&2; exit 2 ;;
  esac
done
PATH=$PATH:/usr/sbin:/sbin

say() { echo "fairlead setup: $*" >&2; }

check_node() {
  command -v node >/dev/null || { say "Node.js is missing; install version 20.19 or newer (https://nodejs.org)"; exit 1; }
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' || {
    say "Node.js $(node --version) is too old; version 20.19 or newer is needed"; exit 1
  }
}

# command:package
needs="ip:iproute2 nft:nftables haproxy:haproxy conntrack:conntrack busybox:busybox unshare:util-linux mount:mount nsenter:util-linux curl:curl"
[ "$tests" = no ] || needs="$needs dig:dnsutils tcpdump:tcpdump openssl:openssl setpriv:util-linux script:bsdutils ctr:containerd runc:runc"

packages=""
for need in $needs; do
  command -v "${need%%:*}" >/dev/null || packages="$packages ${need#*:}"
done
if [ "$tests" = yes ] && ! command -v kubectl >/dev/null; then packages="$packages kubernetes-client"; fi

install_packages() {
  if [ "$(id -u)" != 0 ]; then
    say "these Debian packages are missing:$packages"
    say "run this, then the same command again:"
    echo "  sudo apt-get update && sudo apt-get install --no-install-recommends -y$packages" >&2
    say "(haproxy need not run as a service: sudo systemctl disable --now haproxy)"
    exit 1
  fi
  command -v apt-get >/dev/null || { say "missing:$packages; this is not Debian, so install them by your own means"; exit 1; }
  say "installing$packages"
  # Debian starts a daemon when its package is installed, unless this file says no.
  guard=/usr/sbin/policy-rc.d
  if [ ! -e "$guard" ]; then
    trap 'rm -f "$guard"' EXIT INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$guard"
    chmod 755 "$guard"
  fi
  log=$(mktemp)
  # shellcheck disable=SC2086
  if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    say "apt-get failed (its whole output: $log)"
    exit 1
  fi
  rm -f "$log"
}

[ -z "$packages" ] || install_packages
[ "$want" = all ] || exit 0
check_node
cd "$root"
# One at a time: two that install or build at once would take each other's files away.
mkdir -p dist
exec 9>dist/.setup.lock
flock 9
# The copy says which lock file node_modules was made from: times change with every checkout.
if ! cmp -s package-lock.json node_modules/.made-from; then
  say "installing npm packages"
  npm ci --no-fund --no-audit --loglevel=error >&2
  cp package-lock.json node_modules/.made-from
fi
if [ ! -e dist/stamp ] || [ -n "$(find src tools/build.mjs tools/boot.cjs package-lock.json -newer dist/stamp -type f -print -quit)" ]; then
  say "building"
  npm run --silent build >&2
fi
