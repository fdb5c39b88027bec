-- A company whose web goes through a filter: only what is encrypted passes by itself, to port 443.
return {
  base = "corporate-80-443",
  title = "Corporate firewall, port 443",
  source = "The source documents: one of the policies that each suffice; the NAT and its silence: assumed",
  tcp = { outbound_ports = { 443 } },
}
