return {
  title = "Hole punching in a public peer-to-peer network",
  source = "libp2p DCUtR measurement, 2025: 4.4 million attempts",
  definition =
    "An attempt counts where a direct connection came about, given that both had reached a relay " ..
    "first. The network's NATs are not known: those of roverso stand in, where UDP voice passes " ..
    "without a relay.",
  members = "roverso",
  figures = {
    { measure = "pair-udp", published = 70, plus_minus = 7.1, note = "of attempts" },
  },
}
