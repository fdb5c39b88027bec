-- A company that lets its people at the web and nothing else: TCP to ports 80 and 443.
return {
  title = "Corporate firewall, ports 80 and 443",
  source = "The source documents: TCP 80 and 443 out, UDP not at all; the NAT and its silence: assumed",
  hairpin = "none",
  udp = { blocked = true },
  tcp = { outbound_ports = { 80, 443 }, tracking = "strict" },
  icmp = { blocked = true },
}
