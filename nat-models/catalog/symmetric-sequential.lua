-- Older home routers and some firewalls: every new destination gets the next port, so it can be foretold.
return {
  base = "apd-apd",
  title = "Symmetric, ports in sequence",
  source = "draft-takeda-symmetric-nat-traversal-00 (port prediction)",
  udp = { ports = "sequential", step = 1 },
  tcp = { ports = "sequential", step = 1 },
}
