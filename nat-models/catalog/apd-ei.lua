-- Seldom met: a symmetric NAT without a filter; about one home in a hundred in published surveys.
return {
  title = "Address-and-port-dependent mapping, endpoint-independent filtering",
  source = "RFC 4787, sections 4.1 and 5",
  udp = {
    mapping = "address-and-port-dependent",
    filtering = "endpoint-independent",
    ports = "random",
  },
  tcp = {
    mapping = "address-and-port-dependent",
    filtering = "endpoint-independent",
    ports = "random",
  },
}
