-- Timeouts are the study's medians; a pair that speaks at once does not notice them.
return {
  title = "NATs of fixed carriers",
  source = "P. Richter et al.: A Multi-perspective Analysis of Carrier-Grade NAT Deployment, 2016",
  definition =
    "A NAT counts where it is not symmetric. Pairs, which the study did not count: voice without a " ..
    "relay.",
  members = {
    {
      label = "not symmetric", share = 89,
      model = { base = "port-restricted-cone", udp = { timeout = "35s" } },
    },
    { label = "symmetric", share = 11, model = { base = "symmetric-random", udp = { timeout = "35s" } } },
  },
  figures = {
    { measure = "udp-consistent", published = 89, note = "symmetric: about 11 %" },
    { measure = "pair-udp" },
  },
}
