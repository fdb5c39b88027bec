-- A home router of 2001 that speaks UPnP and knows H.323. Its NAT alone: what it rewrites in H.323 is not modelled.
return {
  title = "Home router with UPnP and H.323",
  source = "No device is named: a port-restricted NAT as most of Ford et al. 2005's, and no hairpin: assumed",
  hairpin = "none",
  udp = { timeout = "120s" },
  tcp = { transitory = "4m", established = "2h4m" },
}
