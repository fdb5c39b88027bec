-- A network whose router forwards IPv6 as it is: a server room, a campus, or a home router whose owner found the
-- switch (RFC 6092, REC-49, "transparent mode").
return {
  base = "no-nat",
  title = "IPv6 router",
  source = "RFC 6092, REC-49",
  family = "ipv6",
  kernel = "",
}
