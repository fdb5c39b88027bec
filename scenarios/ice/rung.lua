-- ICE as a rung of a ladder: two peers, whose agents are told of each other by the rendezvous, candidate by candidate.
-- How their voice goes at the end, the capture says.
local cases = {
  ["no NAT"]          = { a = "no-nat",               b = "no-nat",               pair = "direct" },
  ["cones"]           = { a = "port-restricted-cone", b = "restricted-cone",      pair = "punched" },
  ["one symmetric"]   = { a = "full-cone",            b = "symmetric",            pair = "punched" },
  ["both symmetric"]  = { a = "symmetric",            b = "symmetric-random",     pair = "relayed" },
  ["IPv6 firewalls"]  = { a6 = "ipv6-firewall",       b6 = "ipv6-firewall",       pair = "direct" },
  ["IPv6 prefixes"]   = { a6 = "nptv6",               b6 = "ipv6-firewall",       pair = "punched" },
  ["both families"]   = { a = "symmetric", b = "symmetric", a6 = "ipv6-firewall", b6 = "ipv6-firewall",
                          pair = "direct" },
  ["NAT64"]           = { a6 = "nat64",               b = "full-cone",            pair = "punched" },
}

return {
  title  = "ICE as a rung: direct, punched, relayed",
  params = {
    case = { "no NAT", "cones", "one symmetric", "both symmetric", "IPv6 firewalls", "IPv6 prefixes", "both families",
      "NAT64" },
    relay = true,
  },

  world = function (p)
    local case = cases[p.case]
    return {
      server = host { services = { "rendezvous", p.relay and "turn" or "stun" } },
      home_a = net { nat = case.a, nat6 = case.a6, alice = host {} },
      home_b = net { nat = case.b, nat6 = case.b6, bob = host {} },
    }
  end,

  run = function (w, p)
    local call = connect(w.alice, w.bob, { try = { "ice" } })
    call:talk { frames = 25, every = "20ms" }

    expect(call.method):is "ice"
    expect(call.pair):is(cases[p.case].pair)
    expect(call.arrived):is_at_least(25)
    expect(call.relay):is(cases[p.case].pair == "relayed" and "server" or "none")
    if cases[p.case].pair ~= "relayed" then expect(w.server):saw_nothing "udp[8:4] = 0x564f4943" end
  end,

  twins = { { set = { case = "both symmetric", relay = false }, fails = "expected ice, got none" } },
}
