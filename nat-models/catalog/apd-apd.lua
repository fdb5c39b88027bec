-- Company firewalls and many mobile carriers: a new outside port for each destination, and only that one may
-- answer through it.
return {
  title = "Address-and-port-dependent mapping, address-and-port-dependent filtering",
  source = "RFC 4787, sections 4.1 and 5",
  kernel = "symmetric",
  udp = {
    mapping = "address-and-port-dependent",
    filtering = "address-and-port-dependent",
    ports = "random",
  },
  tcp = {
    mapping = "address-and-port-dependent",
    filtering = "address-and-port-dependent",
    ports = "random",
  },
}
