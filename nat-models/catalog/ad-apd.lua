-- Seldom met: gateways that give one outside port a remote address and check replies exactly.
return {
  title = "Address-dependent mapping, address-and-port-dependent filtering",
  source = "RFC 4787, sections 4.1 and 5",
  udp = {
    mapping = "address-dependent",
    filtering = "address-and-port-dependent",
    ports = "random",
  },
  tcp = {
    mapping = "address-dependent",
    filtering = "address-and-port-dependent",
    ports = "random",
  },
}
