-- Seldom met: some company gateways key mapping and filter alike, on the remote address.
return {
  title = "Address-dependent mapping, address-dependent filtering",
  source = "RFC 4787, sections 4.1 and 5",
  udp = {
    mapping = "address-dependent",
    filtering = "address-dependent",
    ports = "random",
  },
  tcp = {
    mapping = "address-dependent",
    filtering = "address-dependent",
    ports = "random",
  },
}
