-- A company or campus with public addresses behind a stateful firewall: nothing is translated, and only answers come
-- in.  IPv6 homes are like it, too (RFC 6092).
return {
  title = "Symmetric firewall",
  kind = "firewall",
  source = "RFC 3489, section 5; RFC 6092",
  kernel = "firewall",
  hairpin = "none",
  rfc3489 = "symmetric-firewall",
}
