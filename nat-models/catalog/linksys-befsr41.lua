-- The home router of 2001, as it came: keeps ports, lets in only whom it was spoken to, does not hairpin, and opens
-- no port but by its web page.
return {
  title = "Linksys BEFSR41",
  source = "Ford et al. 2005, table 1: of Linksys 45/46 punch UDP, 33/38 TCP, 5/42 hairpin; the rest: assumed",
  hairpin = "none",
  udp = { timeout = "180s" },
  tcp = { transitory = "4m", established = "2h4m" },
}
