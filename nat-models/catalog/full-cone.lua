-- The most open home NAT, as game consoles like it: "NAT type open".
return {
  base = "ei-ei",
  title = "Full cone",
  source = "RFC 3489, section 5",
  rfc3489 = "full-cone",
}
