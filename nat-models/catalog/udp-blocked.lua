-- A company that lets its people browse: TCP goes out through a NAT, UDP goes nowhere.
return {
  title = "UDP blocked",
  source = "RFC 3489, section 5",
  kernel = "udp-blocked",
  rfc3489 = "udp-blocked",
  udp = { blocked = true },
}
