-- Home routers with IPv6, as RFC 6092 would have them where security comes first: whoever was spoken to may answer,
-- from any port (REC-17, REC-33), and a stranger's SYN is refused after six seconds (REC-34).
return {
  title = "IPv6 firewall",
  kind = "firewall",
  family = "ipv6",
  source = "RFC 6092, section 3",
  hairpin = "none",
  udp = { filtering = "address-dependent", refresh = "both", timeout = "5m" },
  tcp = { filtering = "address-dependent", unsolicited = "hold", transitory = "4m", established = "2h4m" },
  icmp = { filtering = "address-dependent", timeout = "60s" },
}
