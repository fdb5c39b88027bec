-- A proxy server of the kind of Microsoft's ISA that also translates for those who do not use its proxies: each
-- connection is one of its own, with a port of its own. The proxies themselves are services.
return {
  title = "ISA-like proxy, its NAT",
  source = "Assumed: every connection is the proxy's own, hence from a fresh port, with answers from its far end only",
  hairpin = "none",
  udp = {
    mapping = "address-and-port-dependent",
    ports = "sequential",
    port_min = 1025,
    port_max = 5000,
    timeout = "60s",
  },
  tcp = {
    mapping = "address-and-port-dependent",
    ports = "sequential",
    port_min = 1025,
    port_max = 5000,
    tracking = "strict",
  },
}
