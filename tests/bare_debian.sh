#!/bin/sh
# Proof that a machine with nothing but a shell and apt can do `./dev demo`: a minimal Debian 12 made by
# debootstrap, with what is committed copied in. Needs root; exits 77 with the reason where it cannot run.
# The base system is kept between runs, as a tarball under $XDG_CACHE_HOME/metrics-agent.
set -eu
cd "$(dirname "$0")/.."

skip() {
    echo "SKIP: $*"
    exit 77
}

[ "$(id -u)" = 0 ] || skip "chroot needs root"
for tool in debootstrap unshare chroot git; do
    command -v "$tool" >/dev/null 2>&1 || skip "no $tool (./dev setup bare)"
done
unshare --mount --pid --fork true 2>/dev/null || skip "no new mount namespace may be made here"
git rev-parse -q --verify HEAD >/dev/null || skip "nothing is committed"

work=$(mktemp -d "${TMPDIR:-/var/tmp}/bare-debian.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 1' INT TERM HUP
root=$work/root

# The mirror apt is set up with here, not one of our choosing.
# shellcheck disable=SC2016 # apt's own variables
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 'Component: main' |
    head -n 1)
[ -n "$mirror" ] || skip "apt here knows no mirror of Debian 12"

make_base() {
    echo "bare: debootstrap (kept in $base)"
    case $mirror in https:*) set -- --include=ca-certificates ;; *) set -- ;; esac
    if ! debootstrap --variant=minbase "$@" bookworm "$root" "$mirror" >"$work/debootstrap.log" 2>&1; then
        tail -n 5 "$work/debootstrap.log"
        skip "debootstrap failed"
    fi
    rm -f "$root"/var/cache/apt/archives/*.deb
    # Made beside its place and moved there: a broken run leaves no half of it behind.
    tar -C "$root" --one-file-system -cf "$base.$$" . && mv "$base.$$" "$base"
}

# How this machine's apt reaches the mirror goes with it: proxies, and whether old lists are fine.
apt_settings() {
    apt-config dump | grep -E '^Acquire::(https?|Check-Valid-Until|Check-Date)\b' || :
}

cache=${XDG_CACHE_HOME:-$HOME/.cache}/metrics-agent
base=$cache/bookworm-minbase-$(dpkg --print-architecture).tar
mkdir -p "$cache" "$root"
# A month old: the mirror has newer packages than the base by now.
[ -z "$(find "$base" -mtime +30 2>/dev/null)" ] || rm -f "$base"
if [ -f "$base" ]; then
    tar -C "$root" -xf "$base"
else
    make_base
fi

printf 'deb %s bookworm main\n' "$mirror" >"$root/etc/apt/sources.list"
apt_settings >"$root/etc/apt/apt.conf.d/99host"
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
if [ "${mirror#https:}" != "$mirror" ]; then
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
fi
mkdir "$root/root/metrics-agent"
git archive HEAD | tar -C "$root/root/metrics-agent" -xf -

# All mounts and processes live in namespaces of their own and go with them, however this ends.
cat >"$work/inside" <<'INSIDE'
set -eu
root=$1
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755,size=64m dev "$root/dev"
for node in null zero full random urandom tty; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir -m 1777 "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb CI=true \
    chroot "$root" /bin/sh -c 'cd /root/metrics-agent && exec ./dev demo'
INSIDE

status=0
unshare --mount --pid --fork --kill-child sh "$work/inside" "$root" >"$work/demo.log" 2>&1 </dev/null || status=$?
# Without the compiler's progress.
grep -v '^\[[0-9]*/[0-9]*\] ' "$work/demo.log" | tail -n 100
[ "$status" = 0 ] || {
    echo "bare: ./dev demo failed with exit $status"
    exit 1
}
# The merged digests' p90 and the end: the demo stops at its first error, this says that it got this far.
if ! grep -Eq 'digest show +[0-9.]+ ms +true$' "$work/demo.log" || [ "$(tail -n 1 "$work/demo.log")" != 'demo finished' ]; then
    echo "bare: the demo's last part is missing from its output"
    exit 1
fi
echo "bare: ./dev demo works on a minimal Debian 12"
