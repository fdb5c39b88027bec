return {
  title = "Peers of a file-sharing client, punchable or not",
  source = "G. Halkes, J. Pouwelse: UDP NAT and Firewall Puncturing in the Wild, 2011",
  definition =
    "A peer counts where it can be punched; an attempt between two such counts where it connects. " ..
    "Here: 64 % map consistently and filter by address and port, the rest are symmetric.",
  members = {
    { label = "punchable", share = 64, model = "port-restricted-cone" },
    { label = "not punchable", share = 36, model = "symmetric-random" },
  },
  figures = {
    { measure = "udp-consistent", published = 64, note = "peers that can be punched" },
    {
      measure = "pair-udp", published = 32.8,
      note = "computed: both of the 64 %, and 80 % of those (the study: over 80 %); assumed: what " ..
        "fails there fails by no NAT",
    },
  },
}
