-- A TURN server that has both families is reached in whichever its client has, while the relayed addresses, which are
-- what the two tell each other, are of one: so it brings those together, too, who have no family in common.
local cases = {
  ["IPv6 alone"]     = { a6 = "ipv6-firewall-strict", b6 = "ipv6-firewall-strict", alice = "ip6", bob = "ip6",
                         direct = true },
  ["IPv6 and IPv4"]  = { a6 = "ipv6-firewall",        b = "symmetric",             alice = "ip6", bob = "ip" },
  ["IPv4 and IPv6"]  = { a = "port-restricted-cone",  b6 = "ipv6-firewall",        alice = "ip", bob = "ip6" },
  ["through NAT64"]  = { a6 = "nat64",                b = "symmetric",             alice = "ip6", bob = "ip",
                         direct = true },
}

return {
  title  = "TURN brings families together",
  params = {
    case = { "IPv6 alone", "IPv6 and IPv4", "IPv4 and IPv6", "through NAT64" },
    transport = { "udp", "tcp" }, method = { "turn", "ice" }, relayed = { 4, 6 },
  },

  world = function (p)
    local case = cases[p.case]
    return {
      server = host { services = { "rendezvous", "turn" } },
      home_a = net { nat = case.a, nat6 = case.a6, alice = host {} },
      home_b = net { nat = case.b, nat6 = case.b6, bob = host {} },
    }
  end,

  run = function (w, p)
    local call = connect(w.alice, w.bob, { try = { p.method },
      turn = { server = w.server, transport = p.transport, family = p.relayed } })
    call:talk { frames = 25, every = "20ms" }

    expect(call.method):is(p.method)
    expect(call.relay):is(p.method == "ice" and cases[p.case].direct and "none" or "server")
    expect(call.arrived):is_at_least(25)
    for _, name in ipairs { "alice", "bob" } do
      local family = cases[p.case][name]
      expect(w[name]):saw_at_least(25, family .. " and greater 180")
      expect(w[name]):saw_nothing((family == "ip6" and "ip" or "ip6") .. " and greater 180")
    end
  end,

  twins = {
    { set = { case = "IPv6 and IPv4", transport = "udp", method = "direct", relayed = 4 },
      fails = "expected direct, got none" },
  },
}
