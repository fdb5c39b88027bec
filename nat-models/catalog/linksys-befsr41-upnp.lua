-- The same router with the firmware that speaks UPnP. Its NAT is assumed to be the old one; the ports that programs
-- open by UPnP are forwards, which a UPnP gateway makes.
return {
  base = "linksys-befsr41",
  title = "Linksys BEFSR41, UPnP firmware",
  source = "as linksys-befsr41; that its NAT is the same with this firmware: assumed",
}
