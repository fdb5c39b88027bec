-- The second of RFC 3489's four: an address that was spoken to may answer from any of its ports.
return {
  base = "ei-ad",
  title = "Restricted cone",
  source = "RFC 3489, section 5",
  rfc3489 = "restricted-cone",
}
