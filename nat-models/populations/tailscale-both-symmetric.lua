-- The third published figure, 170,000 each for 99.9 %, needs more mappings than a NAT has ports: it
-- is arithmetic only, and left out.
return {
  title = "Guessing ports where nobody can foretell either side's",
  source = "Tailscale: How NAT traversal works",
  definition =
    "Both sides are behind symmetric NATs with random ports. One sends `open` packets to ports of the " ..
    "other at random, the other `probes` back. It counts where one of these comes through. Nothing " ..
    "expires meanwhile.",
  members = "tailscale-birthday",
  figures = {
    { measure = "guess", both = true, open = 256, probes = 2048, published = 0.01 },
    { measure = "guess", both = true, open = 54000, probes = 54000, published = 50 },
  },
}
