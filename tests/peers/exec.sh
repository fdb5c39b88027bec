#!/bin/sh
# `knothole exec` with programs that nobody here wrote: exec.sh RESULTS CASE
set -eu
results=$1/$2
rm -rf "$results"
mkdir -p "$results"

lab() {
	knothole exec -o "$results" "$@"
}

# What must fail does so with 1, and says why.
must_fail() {
	status=0
	lab "$@" >"$results/text" || status=$?
	cat "$results/text"
	[ "$status" = 1 ] && grep -q "$reason" "$results/text"
}

# Headless Chromium on both sides; coturn is the lab's, and the page comes from its host.
webrtc() {
	peers=$(cd "$(dirname "$0")" && pwd)
	lab --server coturn --server-ready 8000 --time 50s "$@" -- python3 "$peers/webrtc.py" a \
		--- python3 "$peers/webrtc.py" b --- python3 "$peers/webrtc.py" serve
}

case $2 in
iperf3)
	lab --a port-restricted-cone --b full-cone --forward-b 5201 --ready 5201 --expect direct \
		-- iperf3 -c bob -n 1M --- iperf3 -s -1
	;;
iperf3_unforwarded)
	# Nobody is let in, and there is nothing to relay: the client says so, too.
	reason='expected direct, found no connection'
	must_fail --a full-cone --b port-restricted-cone --ready 5201 --expect direct \
		-- sh -c 'timeout 2 iperf3 -c bob --connect-timeout 1000 -n 1M; exit 0' --- iperf3 -s -1
	;;
ssh)
	keys=$(cd "$results" && pwd)
	ssh-keygen -q -t ed25519 -N '' -f "$keys/host"
	ssh-keygen -q -t ed25519 -N '' -f "$keys/user"
	lab --a symmetric --b port-restricted-cone --forward-b 2222 --ready 2222 --expect direct \
		-- sh -c "ssh -p 2222 -i $keys/user -o StrictHostKeyChecking=no -o UserKnownHostsFile=/tmp/known \
			-o BatchMode=yes -o ConnectTimeout=10 root@bob 'hostname; head -c 200000 /dev/zero' |
			tr '\0' x | grep -q ^bob" \
		--- sh -c "mkdir -p /run/sshd; exec /usr/sbin/sshd -D -e -f /dev/null -h $keys/host -p 2222 \
			-o PidFile=none -o StrictModes=no -o AuthorizedKeysFile=$keys/user.pub"
	;;
turn)
	# The peer is behind a NAT that lets only its forwarded port in, which the relay then comes by.
	# shellcheck disable=SC2016 # the lab's shell is to see these
	lab --server coturn --a symmetric --b symmetric --forward-b 3480 --ready 3480 --expect relay \
		-- sh -c 'exec turnutils_uclient -c -u knothole -w knothole -e "$KNOTHOLE_B" -r 3480 -n 20 -m 1 \
			-p 3478 "$KNOTHOLE_SERVER"' \
		--- turnutils_peer -p 3480
	;;
webrtc_cones)
	webrtc --a port-restricted-cone --b port-restricted-cone --expect punch
	;;
webrtc_symmetric)
	webrtc --a symmetric --b symmetric --expect relay
	;;
*)
	echo "exec.sh: there is no case $2" >&2
	exit 2
	;;
esac
