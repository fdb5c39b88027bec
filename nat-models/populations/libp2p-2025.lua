return {
  title = "Hole punching in a public peer-to-peer network",
  source = "libp2p DCUtR measurement, 2025: 4.4 million attempts",
  definition =
    "An attempt counts where a direct connection came about, given that both had reached a relay " ..
    "first, which only peers do that cannot be reached. The network's NATs are not known: those of " ..
    "roverso stand in, all but the open ones, where UDP voice passes without a relay.",
  members = "roverso",
  without = "open",
  figures = {
    {
      measure = "pair-udp", published = 70, plus_minus = 7.1,
      note = "of attempts; assumed: NATs of years before, no firewalls, nobody leaves",
    },
  },
}
