-- A Windows XP machine that shares its own connection: the others at home are behind it.
return {
  title = "Windows XP, Internet Connection Sharing",
  source = "Ford et al. 2005: Windows 31/33 punch UDP, 16/31 TCP; hairpin a third, 28/31 TCP; the rest: assumed",
  hairpin = "external-source",
  udp = { hairpin = false, timeout = "60s" },
  tcp = { hairpin = true, unsolicited = "rst", transitory = "60s" },
}
