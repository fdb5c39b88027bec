-- The same where transparency comes first (RFC 6092, REC-17 and REC-33): an endpoint that has spoken to anyone may be
-- spoken to by everyone.
return {
  title = "IPv6 firewall, open",
  kind = "firewall",
  family = "ipv6",
  source = "RFC 6092, REC-17, REC-33",
  hairpin = "none",
  udp = { filtering = "endpoint-independent", refresh = "both", timeout = "5m" },
  tcp = { filtering = "endpoint-independent", unsolicited = "hold", transitory = "4m", established = "2h4m" },
  icmp = { filtering = "endpoint-independent", timeout = "60s" },
}
