#!/bin/sh
# What scenarios share: two nodes without kubelets, on which nothing runs unless it tolerates their taint.
set -eu
kubectl apply -f nodes.yaml >/dev/null
for node in north south; do
  kubectl patch node "$node" --subresource=status --type=merge --patch-file=node-status.yaml >/dev/null
  kubectl taint node "$node" node.kubernetes.io/not-ready- >/dev/null 2>&1 || true
done
until [ "$(kubectl get nodes -o jsonpath='{.items[*].spec.taints[*].key}')" = "example.com/only example.com/only" ]; do
  kubectl taint nodes --all node.kubernetes.io/not-ready- >/dev/null 2>&1 || true
done
