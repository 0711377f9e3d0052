/**
 * busybox's wget for machines whose busybox was built without timeouts, as Debian's is: there -T ends in a crash, and
 * --timeout is not known. The time is for the whole of it, where the real one's is for each wait.
 */
export const wgetWithTimeout = (busybox: string): string => `#!${busybox} sh
seconds=
left=$#
while [ "$left" -gt 0 ]; do
  argument=$1
  shift
  left=$((left - 1))
  case $argument in
    --timeout=*) seconds=\${argument#*=} ;;
    -T?*) seconds=\${argument#-T} ;;
    -T | -qT | --timeout)
      [ "$argument" = -qT ] && set -- "$@" -q
      seconds=$1
      shift
      left=$((left - 1))
      ;;
    *) set -- "$@" "$argument" ;;
  esac
done
[ -n "$seconds" ] || exec ${busybox} wget "$@"
# A shell says nothing of who ends by SIGPIPE.
${busybox} timeout -s PIPE "$seconds" ${busybox} wget "$@"
code=$?
[ "$code" = 141 ] || exit "$code"
echo 'wget: download timed out' >&2
exit 1
`

/** Whether what wget says of itself tells of a timeout. */
export const knowsTimeout = (help: string): boolean => help.includes('-T SEC')
