-- A company whose people reach nothing but a proxy, which stands on the outside or is the firewall itself. Of theirs
-- nothing passes.
return {
  base = "corporate-80-443",
  title = "Corporate firewall, proxy only",
  source = "The source documents: where firewall and proxy block all peer-to-peer traffic; its silence: assumed",
  tcp = { blocked = true },
}
