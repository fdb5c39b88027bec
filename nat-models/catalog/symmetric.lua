-- Company firewalls and mobile carriers: the one that hole punching fails at.
return {
  base = "apd-apd",
  title = "Symmetric",
  source = "RFC 3489, section 5",
  rfc3489 = "symmetric",
}
