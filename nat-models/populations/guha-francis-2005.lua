return {
  title = "TCP through pairs of home NATs",
  source =
    "S. Guha, P. Francis: Characterization and Measurement of TCP Traversal through NATs and " ..
    "Firewalls, 2005",
  definition =
    "A pair counts where some TCP method connects it, port prediction among them. Here: both open " ..
    "from a consistent port, nothing is predicted; the shares of NATs are those of ford-2005-tcp.",
  members = "ford-2005-tcp",
  figures = {
    { measure = "pair-tcp", published = 88, note = "of pairs of home NATs; assumed: other NATs, no prediction" },
  },
}
