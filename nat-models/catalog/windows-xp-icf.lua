-- Windows XP's own firewall, which stands in the host that it guards: a net round that one host. It translates
-- nothing, and drops in silence whatever the host has not asked for, pings included.
return {
  title = "Windows XP, Internet Connection Firewall",
  kind = "firewall",
  source = "The source documents: answers only come in; that it looks at ports too, and its timers: assumed",
  hairpin = "none",
  udp = { timeout = "60s" },
  icmp = { ping_answered = false },
}
