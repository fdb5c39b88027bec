-- The same where RTP and RTCP are given neighbouring ports: every new destination gets the next port but one.
return {
  base = "apd-apd",
  title = "Symmetric, every second port in sequence",
  source = "draft-takeda-symmetric-nat-traversal-00 (port prediction)",
  udp = { ports = "sequential", step = 2 },
  tcp = { ports = "sequential", step = 2 },
}
