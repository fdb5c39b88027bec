-- Seldom met: a mapping is made for each remote address, and yet anyone may send in through it.
return {
  title = "Address-dependent mapping, endpoint-independent filtering",
  source = "RFC 4787, sections 4.1 and 5",
  udp = {
    mapping = "address-dependent",
    filtering = "endpoint-independent",
    ports = "random",
  },
  tcp = {
    mapping = "address-dependent",
    filtering = "endpoint-independent",
    ports = "random",
  },
}
