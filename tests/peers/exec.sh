#!/bin/sh
# `knothole exec` with programs that nobody here wrote: exec.sh RESULTS CASE
set -eu
results=$1/$2
rm -rf "$results"
mkdir -p "$results"

lab() {
	knothole exec -o "$results" "$@"
}

# What must pass, and say so.
must_say() {
	reason=$1
	shift
	status=0
	lab "$@" >"$results/text" || status=$?
	cat "$results/text"
	[ "$status" = 0 ] && grep -q "$reason" "$results/text"
}

# What must fail does so with 1, and says why.
must_fail() {
	status=0
	lab "$@" >"$results/text" || status=$?
	cat "$results/text"
	[ "$status" = 1 ] && grep -q "$reason" "$results/text"
}

# Both speak to where the environment says that the other is, behind such NATs as the options say: datagrams KIND …
datagrams() {
	program=$(cd "$(dirname "$0")" && pwd)/datagrams.py
	kind=$1
	shift
	must_say 'verdict: peer to peer' "$@" --expect unrelayed -- "$program" a "$kind" --- "$program" b "$kind"
}

# Headless Chromium on both sides; coturn is the lab's, and the page comes from its host.
webrtc() {
	peers=$(cd "$(dirname "$0")" && pwd)
	reason=$1
	shift
	must_say "$reason" --server coturn --server-ready 8000 --time 50s "$@" -- python3 "$peers/webrtc.py" a \
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
iperf3_ipv6)
	# Out through a firewall of IPv6, by a name that the lab's DNS has; no IPv4 is asked for.
	must_say 'verdict: peer to peer (direct), tcp, alice as \[2b00:3:1::2\]' \
		--a port-restricted-cone --a6 ipv6-firewall --b none --ready 5201 --expect direct \
		-- iperf3 -6 -c bob.lab -n 1M --- iperf3 -s -1
	tshark -r "$results"/*.pcapng -Y 'ipv6 && tcp.port == 5201 && tcp.len > 0' 2>/dev/null | grep . >/dev/null
	! tshark -r "$results"/*.pcapng -Y 'ip && tcp.port == 5201' 2>/dev/null | grep . >/dev/null
	;;
iperf3_ipv6_kept_out)
	reason='expected direct, found no connection'
	must_fail --a6 ipv6-firewall --b6 ipv6-firewall --ready 5201 --expect direct \
		-- sh -c 'timeout 2 iperf3 -6 -c bob --connect-timeout 1000 -n 1M; exit 0' --- iperf3 -s -1
	;;
turn)
	# The peer is behind a NAT that lets only its forwarded port in, which the relay then comes by.
	# shellcheck disable=SC2016 # the lab's shell is to see these
	lab --server coturn --a symmetric --b symmetric --forward-b 3480 --ready 3480 --expect relay \
		-- sh -c 'exec turnutils_uclient -c -u knothole -w knothole -e "$KNOTHOLE_B" -r 3480 -n 20 -m 1 \
			-p 3478 "$KNOTHOLE_SERVER"' \
		--- turnutils_peer -p 3480
	;;
turn_own)
	# The same by knothole's own server, which keeps to RFC 8656's channels: uclient's may be others, so it sends.
	# shellcheck disable=SC2016
	must_say 'verdict: relayed by server' --server own --a symmetric --b symmetric --forward-b 3480 --ready 3480 --expect relay \
		-- sh -c 'exec turnutils_uclient -s -c -u knothole -w knothole -e "$KNOTHOLE_B" -r 3480 -n 20 -m 1 \
			-p 3478 "$KNOTHOLE_SERVER"' \
		--- turnutils_peer -p 3480
	;;
datagrams)
	# Who is behind what does not translate is found at an address of its own, who is behind a NAT at the NAT's.
	datagrams ipv4 --a no-nat --b no-nat
	tshark -r "$results"/*.pcapng -Y 'ip.dst == 11.3.1.2 && udp.port == 7000' 2>/dev/null | grep . >/dev/null
	tshark -r "$results"/*.pcapng -Y 'ip.dst == 11.3.2.2 && udp.port == 7000' 2>/dev/null | grep . >/dev/null
	datagrams ipv4 --a windows-xp-icf --b symmetric-firewall
	datagrams ipv4 --a full-cone --b no-nat
	datagrams ipv4 --a one-to-one --b none
	datagrams ipv6 --a no-nat --a6 ipv6-router --b symmetric-firewall --b6 ipv6-firewall
	;;
webrtc_cones)
	# "Direct" as WebRTC has it: from peer to peer, by punching, and nobody relays.
	webrtc 'verdict: peer to peer (punch)' --a port-restricted-cone --b port-restricted-cone --expect unrelayed
	;;
webrtc_symmetric)
	webrtc 'verdict: relayed by server' --a symmetric --b symmetric --expect relay
	;;
*)
	echo "exec.sh: there is no case $2" >&2
	exit 2
	;;
esac
