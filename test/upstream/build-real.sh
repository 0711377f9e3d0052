#!/bin/sh
# Builds a real kube-apiserver, kube-controller-manager and kube-scheduler from the Go module proxy into the folder named, for
# record.ts: `test/upstream/build-real.sh <folder> [version]`. Ten minutes of two cores, about 2 GB of Go caches.
set -eu
bin=$(realpath -m "$1")
version=${2:-v1.33.13}
staging=v0.${version#v1.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mod=$(go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
{
  printf 'module upstream\n\n'
  grep -E '^(go |godebug default)' "$mod"
  printf '\nrequire k8s.io/kubernetes %s\n\nreplace (\n' "$version"
  # What stands in the repository's own staging folder is a module of its own elsewhere.
  grep -oE 'k8s.io/[a-z-]+ => ./staging' "$mod" | sed -E "s#(k8s.io/[a-z-]+) => .*#\t\1 => \1 $staging#"
  printf ')\n'
} >go.mod
cat >programs.go <<'GO'
//go:build programs

package upstream

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
)
GO
# Some packages of tests cannot be had; nothing here needs them.
go mod tidy -e
stamp=k8s.io/component-base/version
minor=$(echo "$version" | cut -d. -f2)
mkdir -p "$bin"
nice -n 19 go build -ldflags "-s -w -X $stamp.gitVersion=$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=$minor" -o "$bin/" \
  k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager k8s.io/kubernetes/cmd/kube-scheduler
