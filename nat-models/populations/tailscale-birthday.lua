-- The range is the one that the published figures were computed with: 64,511 ports.
return {
  title = "Guessing the port of a NAT that nobody can foretell",
  source = "Tailscale: How NAT traversal works",
  definition =
    "One side, behind a symmetric NAT with random ports, holds `open` ports open; the other tries " ..
    "`probes` ports at random. It counts where one comes through. Nothing expires meanwhile.",
  members = {
    {
      label = "symmetric, random", share = 1,
      model = { base = "symmetric-random", udp = { port_min = 1025, port_max = 65535 } },
    },
  },
  figures = {
    { measure = "guess", open = 256, probes = 174, published = 50 },
    { measure = "guess", open = 256, probes = 256, published = 64 },
    { measure = "guess", open = 256, probes = 1024, published = 98 },
    { measure = "guess", open = 256, probes = 2048, published = 99.9 },
  },
}
