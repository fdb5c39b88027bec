-- A server room, or a home with a public address for each machine: packets pass as they are.
return {
  title = "No NAT",
  kind = "router",
  source = "RFC 1812",
  kernel = "router",
  hairpin = "none",
  udp = { filtering = "endpoint-independent" },
  tcp = { filtering = "endpoint-independent" },
}
