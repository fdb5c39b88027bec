-- Firewalls and some older home routers: an address that was spoken to may answer from any port.
-- RFC 4787 allows it where security counts for more (REQ-8).
return {
  title = "Endpoint-independent mapping, address-dependent filtering",
  source = "RFC 4787, sections 4.1 and 5",
  kernel = "restricted-cone",
  udp = { mapping = "endpoint-independent", filtering = "address-dependent" },
  tcp = { mapping = "endpoint-independent", filtering = "address-dependent" },
}
