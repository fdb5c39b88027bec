-- 184 of 286 map consistently and stay silent at an unasked SYN.  What the other 102 do is told
-- as a whole only: here half of them map by destination, and half answer with RST.  Those that
-- hairpin are put among the consistent, as in ford-2005-udp.
local function nat(label, share, mapping, unsolicited, hairpin)
  return {
    label = label, share = share,
    model = {
      tcp = {
        mapping = mapping, unsolicited = unsolicited,
        ports = mapping == "endpoint-independent" and "preserve" or "sequential",
      },
      hairpin = hairpin,
    },
  }
end

local EI, APD = "endpoint-independent", "address-and-port-dependent"

return {
  title = "NATs of 68 vendors, as their users reported them: TCP",
  source =
    "B. Ford, P. Srisuresh, D. Kegel: Peer-to-Peer Communication Across Network Address Translators, " ..
    "2005, table 1",
  definition =
    "A NAT counts where it maps a TCP port alike for two servers and does not refuse an unasked SYN. " ..
    "Pairs, which the study did not count: one TCP connection, both opening.",
  members = {
    nat("consistent, silent, hairpins", 37, EI, "drop", "external-source"),
    nat("consistent, silent", 147, EI, "drop", "none"),
    nat("consistent, refuses", 51, EI, "rst", "none"),
    nat("symmetric", 51, APD, "drop", "none"),
  },
  figures = {
    { measure = "tcp-consistent", published = 64, note = "184 of 286" },
    { measure = "tcp-hairpin", published = 13, note = "37 of 286" },
    { measure = "pair-tcp" },
  },
}
