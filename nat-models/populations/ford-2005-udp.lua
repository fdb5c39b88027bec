-- The study gives the two totals and not how they go together.  Only a NAT that maps consistently
-- can be seen to hairpin (what a symmetric one gives the hairpinned packet, nobody let in), so all
-- that hairpin are put among the consistent.
local CONSISTENT, HAIRPINS = 100 * 310 / 380, 100 * 80 / 335

local function nat(label, share, mapping, hairpin)
  return {
    label = label, share = share,
    model = {
      udp = { mapping = mapping, ports = mapping == "endpoint-independent" and "preserve" or "sequential" },
      hairpin = hairpin,
    },
  }
end

return {
  title = "NATs of 68 vendors, as their users reported them: UDP",
  source =
    "B. Ford, P. Srisuresh, D. Kegel: Peer-to-Peer Communication Across Network Address Translators, " ..
    "2005, table 1",
  definition =
    "A NAT counts where it maps a UDP port alike for two servers (NAT Check). Pairs, which the study " ..
    "did not count: voice without a relay.",
  members = {
    nat("consistent, hairpins", HAIRPINS, "endpoint-independent", "external-source"),
    nat("consistent", CONSISTENT - HAIRPINS, "endpoint-independent", "none"),
    nat("symmetric", 100 - CONSISTENT, "address-and-port-dependent", "none"),
  },
  figures = {
    { measure = "udp-consistent", published = 82, note = "310 of 380" },
    { measure = "udp-hairpin", published = 24, note = "80 of 335" },
    { measure = "pair-udp" },
  },
}
