-- IPv6 behind one address, ports and all, as containers and some mobile hot spots have it: no RFC wants it, and
-- Linux's masquerading does it.
return {
  base = "linux-masquerade-input-drop",
  title = "NAT66",
  source = "Linux netfilter, masquerade in the ip6 family",
  family = "ipv6",
  kernel = "",
}
