-- A Linux router as its makers ship it (OpenWrt, most home routers): masquerade, and INPUT drops what comes from
-- outside, so that strays leave nothing behind.
return {
  base = "linux-masquerade",
  title = "Linux masquerade, INPUT closed",
  kernel = "masquerade",
  udp = { unsolicited = "drop" },
  tcp = { unsolicited = "drop" },
  icmp = { ping_answered = false },
}
