-- The source gives no timeout for home routers that was read; theirs is RFC 4787's least.
return {
  title = "Home routers",
  source = "P. Richter et al.: A Multi-perspective Analysis of Carrier-Grade NAT Deployment, 2016",
  definition =
    "A NAT counts where it is not symmetric. Pairs, which the study did not count: voice without a " ..
    "relay.",
  members = {
    {
      label = "not symmetric", share = 98,
      model = { base = "port-restricted-cone", udp = { timeout = "120s" } },
    },
    { label = "symmetric", share = 2, model = { base = "symmetric-random", udp = { timeout = "120s" } } },
  },
  figures = {
    { measure = "udp-consistent", published = 98, note = "symmetric: under 2 %" },
    { measure = "pair-udp" },
  },
}
