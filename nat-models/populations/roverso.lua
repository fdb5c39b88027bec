-- EI, HD, PD: what mapping and filtering depend on (nothing, the host, the port).
-- PP, PC, RD: how ports are given (preserved, contiguous, at random).
local words = {
  EI = "endpoint-independent", HD = "address-dependent", PD = "address-and-port-dependent",
  PP = "preserve", PC = "sequential", RD = "random",
}

local function nat(share, mapping, ports, filtering)
  local udp = { mapping = words[mapping], ports = words[ports], filtering = words[filtering] }

  if ports == "RD" then
    udp.collision = "random"
  end
  return {
    label = mapping .. " " .. ports .. " " .. filtering,
    share = share,
    model = { udp = udp, tcp = udp, hairpin = "none" },
  }
end

return {
  title = "NATs of a video streaming system's users, by mapping, allocation and filtering",
  source = "R. Roverso et al., as encoded in NatFactoryTest of nat-traverser",
  definition =
    "The source gives shares of NATs and no success of pairs. Here: UDP voice passes both ways " ..
    "without a relay.",
  members = {
    nat(25.2, "EI", "PP", "PD"),
    { label = "open", share = 21.4, model = "no-nat" },
    nat(12.4, "PD", "RD", "PD"),
    nat(9.9, "EI", "RD", "PD"),
    nat(9.3, "EI", "PP", "EI"),
    nat(7.7, "EI", "RD", "EI"),
    nat(4.6, "EI", "PP", "HD"),
    nat(4.4, "EI", "PC", "EI"),
    nat(2.6, "PD", "PP", "PD"),
    nat(0.7, "PD", "PP", "EI"),
    nat(0.6, "PD", "RD", "EI"),
    nat(0.6, "EI", "PC", "PD"),
    nat(0.4, "EI", "RD", "HD"),
    nat(0.2, "HD", "RD", "PD"),
  },
  figures = {
    { measure = "pair-udp" },
    -- Open ones count as consistent: 21.4 are, and all EI.
    { measure = "udp-consistent", published = 83.5, note = "sum of the shares of open and EI" },
  },
}
