#!/bin/sh
# The stories of whole appliances in virtual machines. Their disks are made first, which needs the network; the rest needs none,
# and runs in namespaces of its own where it may: ports of time and name servers are anybody's there, and QEMU asks for names
# where /etc/resolv.conf says.
set -eu
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
node test/vm/image.ts
node test/vm/pool-image.ts
[ -z "${IMP_TEST_OWN_IMAGES-}" ] || node test/vm/own-images.ts
stories='exec vitest run --config test/vm/vitest.config.ts "$@"'
if [ "$(id -u)" = 0 ] && unshare --net --mount true 2>/dev/null; then
  mkdir -p .cache/vm
  echo 'nameserver 127.0.0.1' >.cache/vm/resolv.conf
  exec unshare --net --mount sh -c "ip link set lo up && mount --bind .cache/vm/resolv.conf /etc/resolv.conf && $stories" sh "$@"
fi
exec sh -c "$stories" sh "$@"
