-- Mobile carriers, and OpenBSD's pf as it is: each destination gets a port that nobody can foretell.
return {
  base = "apd-apd",
  title = "Symmetric, random ports",
  kernel = "symmetric",
  source = "RFC 6056, section 3.3.1 (random ports)",
  udp = { ports = "random", collision = "random" },
  tcp = { ports = "random", collision = "random" },
}
