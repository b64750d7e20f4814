#!/bin/sh
# Brings a checkout to where its scripts can run: npm dependencies when they are missing or the lock file is newer, and
# with --packages, as root on Debian, the packages that the real-program tests and the demo use; with --machine those of a
# virtual machine (npm run test:vm).
set -eu
cd "$(dirname "$0")/.."
lock=$(cksum <package-lock.json)
if [ "$(cat node_modules/.installed-lock 2>/dev/null)" != "$lock" ]; then
  echo "setup: npm ci" >&2
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  echo "$lock" >node_modules/.installed-lock
fi
case ${1-} in --packages | --machine) ;; *) exit 0 ;; esac
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  exit 0
fi
missing=
need() { # need PROGRAM PACKAGE
  [ -x "$1" ] || command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
if [ "$1" = --machine ]; then
  need qemu-system-x86_64 qemu-system-x86
  need qemu-img qemu-utils
  need mmdebstrap mmdebstrap
  need zstd zstd
  need mkfs.ext4 e2fsprogs
  need unshare util-linux
  need git git
  need ssh openssh-client
  need openssl openssl
  [ -z "${IMP_TEST_ZBM-}" ] || need /usr/share/ovmf/OVMF.fd ovmf # firmware that starts it
else
  need git git
  need curl curl # what the workflows in deploy/ci post with
  need ip iproute2
  need ssh-keygen openssh-client
  need /usr/lib/frr/bgpd frr
  need /usr/lib/frr/frr-reload.py frr-pythontools # the baseline of `npm run bench`
  need /usr/sbin/bird bird2
  need promtool prometheus
  need shellcheck shellcheck # lints the failsafe and imp-rescue
  need busybox busybox # they must run under its shell too
  need systemd-analyze systemd # checks the units
  need openssl openssl
  need lintian lintian # judges the package
  need ping iputils-ping # health checks ask with it, with dig, and with curl
  need dig bind9-dnsutils
  need zsh zsh # completes what is typed
  need fish fish
  need rsyslogd rsyslog # sends the log where the machine file says
fi
# A real ZFS for the tests, unpacked beside whatever ZFS this machine has: installed, it would take that one's place.
fuse=$PWD/.cache/zfs-fuse
if [ "$1" = --packages ] && [ ! -x "$fuse/sbin/zfs-fuse" ]; then
  echo "setup: apt-get download zfs-fuse" >&2
  [ -n "$missing" ] || apt-get update -qq >&2 || true
  rm -rf "$fuse.new" && mkdir -p "$fuse.new/packages"
  (cd "$fuse.new/packages" && for one in zfs-fuse libfuse2 libaio1 libtirpc3; do
    apt-get download -qq "$one" >/dev/null 2>&1 || [ "$one" != zfs-fuse ] || exit 1
  done && for one in *.deb; do dpkg -x "$one" .. || exit 1; done) && rm -rf "$fuse" && mv "$fuse.new" "$fuse" ||
    echo "setup: could not fetch zfs-fuse; what needs it is skipped by name" >&2
fi
[ -n "$missing" ] || exit 0
echo "setup: apt-get install$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# A container or a build machine must not start routers and monitoring by itself: policy-rc.d forbids it for this call.
policy=/usr/sbin/policy-rc.d
made=
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  made=1
fi
apt-get update -qq >&2 || true
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
  echo "setup: could not install$missing; what needs them is skipped by name" >&2
}
# Nor at its next boot: what is installed here is for tests alone.
for unit in frr bird prometheus rsyslog; do
  case " $missing " in *" $unit "* | *" ${unit}2 "*) systemctl -q disable "$unit.service" >/dev/null 2>&1 || : ;; esac
done
[ -z "$made" ] || rm -f "$policy"
