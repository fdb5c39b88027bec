-- Seldom met: a symmetric NAT that looks at the replying address only.
return {
  title = "Address-and-port-dependent mapping, address-dependent filtering",
  source = "RFC 4787, sections 4.1 and 5",
  udp = {
    mapping = "address-and-port-dependent",
    filtering = "address-dependent",
    ports = "random",
  },
  tcp = {
    mapping = "address-and-port-dependent",
    filtering = "address-dependent",
    ports = "random",
  },
}
