-- Cloud providers ("elastic address") and company servers: the machine has an outside address all to itself.
return {
  title = "One-to-one NAT",
  kind = "one-to-one",
  source = "RFC 2663, section 4.1.1 (basic NAT)",
  kernel = "one-to-one",
  udp = { filtering = "endpoint-independent" },
  tcp = { filtering = "endpoint-independent" },
  icmp = { filtering = "endpoint-independent" },
}
