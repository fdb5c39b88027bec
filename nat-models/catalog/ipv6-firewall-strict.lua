-- What most home routers do with IPv6 in fact: Linux's connection tracking, where only the very endpoint that was
-- spoken to may answer, idle flows are soon forgotten, and IPsec is not let in unasked.
return {
  title = "IPv6 firewall, strict",
  kind = "firewall",
  family = "ipv6",
  source = "Linux nf_conntrack; against RFC 6092, REC-14, REC-17, REC-21, REC-24",
  hairpin = "none",
  ipsec = false,
  udp = {
    filtering = "address-and-port-dependent",
    refresh = "both",
    timeout = "30s",
    timeout_two_way = "120s",
    two_way_after = "2s",
  },
  tcp = { filtering = "address-and-port-dependent", unsolicited = "drop", transitory = "2m", established = "120h" },
  icmp = { filtering = "address-dependent", timeout = "30s" },
}
