-- Most home routers sold since about 2005: the outside port stays the same for all, and only who was spoken to
-- may answer.
return {
  title = "Endpoint-independent mapping, address-and-port-dependent filtering",
  source = "RFC 4787, sections 4.1 and 5",
  kernel = "port-restricted-cone",
  udp = { mapping = "endpoint-independent", filtering = "address-and-port-dependent" },
  tcp = { mapping = "endpoint-independent", filtering = "address-and-port-dependent" },
}
