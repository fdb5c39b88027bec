#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lab that `knothole bench` compares with: two homes behind kernel masquerade, and two
# servers, built the way one builds it by hand.  `knothole bench` runs it in namespaces of its own,
# which end with it.
#
#	lab.sh up       build it and get one ping through a NAT
#	lab.sh iperf3   build it and print iperf3's JSON, from alice to sam and then back
set -eu

mount -t tmpfs tmpfs /run
mkdir /run/netns

namespace() {
	ip netns add "$1"
	ip -n "$1" link set lo up
}

# wire NS1 IF1 ADDR1 NS2 IF2 ADDR2
wire() {
	ip -n "$1" link add "$2" type veth peer name "$5" netns "$4"
	ip -n "$1" addr add "$3" dev "$2"
	ip -n "$4" addr add "$6" dev "$5"
	ip -n "$1" link set "$2" up
	ip -n "$4" link set "$5" up
}

# home NAT CLIENT N: behind 11.2.N.2
home() {
	namespace "$1"
	namespace "$2"
	wire "$2" eth0 192.168.1.2/24 "$1" lan 192.168.1.1/24
	wire "$1" wan "11.2.$3.2/24" internet "home$3" "11.2.$3.1/24"
	ip -n "$2" route add default via 192.168.1.1
	ip -n "$1" route add default via "11.2.$3.1"
	ip netns exec "$1" sysctl -q -w net.ipv4.ip_forward=1
	ip netns exec "$1" nft -f - <<-RULES
		table ip nat {
			chain out {
				type nat hook postrouting priority 100
				oif wan masquerade
			}
			chain self {
				type filter hook input priority 0
				iif wan ct state new drop
			}
		}
	RULES
}

server() {
	namespace "$1"
	wire "$1" eth0 "11.1.$2.2/24" internet "server$2" "11.1.$2.1/24"
	ip -n "$1" route add default via "11.1.$2.1"
}

namespace internet
ip netns exec internet sysctl -q -w net.ipv4.ip_forward=1
home nat_a alice 1
home nat_b bob 2
server sam 1
server sue 2

case $1 in
up)
	ip netns exec alice ping -q -c 1 -W 2 11.1.1.2 >/dev/null
	;;
iperf3)
	mkfifo /run/said
	exec 3<>/run/said # open both ways, so that neither end waits for the other
	ip netns exec sam iperf3 -s --forceflush >&3 &
	line=
	until [ "${line#*Server listening}" != "$line" ]; do
		read -r line <&3
	done
	ip netns exec alice iperf3 -J -t 2 -c 11.1.1.2
	ip netns exec alice iperf3 -J -t 2 -c 11.1.1.2 -R
	kill $!
	;;
esac
