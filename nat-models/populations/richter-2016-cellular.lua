-- Timeouts are the study's medians; a pair that speaks at once does not notice them.
return {
  title = "NATs of cellular carriers",
  source = "P. Richter et al.: A Multi-perspective Analysis of Carrier-Grade NAT Deployment, 2016",
  definition =
    "A NAT counts where it is not symmetric. Pairs, which the study did not count: voice without a " ..
    "relay.",
  members = {
    {
      label = "not symmetric", share = 60,
      model = { base = "port-restricted-cone", udp = { timeout = "65s" } },
    },
    { label = "symmetric", share = 40, model = { base = "symmetric-random", udp = { timeout = "65s" } } },
  },
  figures = {
    { measure = "udp-consistent", published = 60, note = "symmetric: about 40 %" },
    { measure = "pair-udp" },
  },
}
