-- Nothing of UDP leaves some networks. ICE as a rung of a ladder gets through by its candidates over TCP (RFC 6544)
-- then, where both NATs let SYNs cross: without a relay, as the oracle has foretold. Where UDP passes, it is preferred.
local cases = {
  ["no NAT"]         = { a = "no-nat",               b = "no-nat",               pair = "direct" },
  ["UDP passes"]     = { a = "port-restricted-cone", b = "port-restricted-cone", pair = "punched" },
  ["one without"]    = { a = "udp-blocked",          b = "port-restricted-cone", pair = "punched", tcp = true },
  ["both without"]   = { a = "udp-blocked",          b = "udp-blocked",          pair = "punched", tcp = true },
  ["IPv6 firewalls"] = { a6 = "ipv6-firewall",       b6 = "ipv6-firewall",       pair = "direct" },
}

return {
  title  = "ICE as a rung, over TCP",
  params = { case = { "no NAT", "UDP passes", "one without", "both without", "IPv6 firewalls" }, tcp = true },

  world = function (p)
    local case = cases[p.case]
    return {
      server = host { services = { "rendezvous", "stun" } },
      home_a = net { nat = case.a, nat6 = case.a6, alice = host {} },
      home_b = net { nat = case.b, nat6 = case.b6, bob = host {} },
    }
  end,

  run = function (w, p)
    local case = cases[p.case]
    local call = connect(w.alice, w.bob, { try = { "ice" }, ice_tcp = p.tcp })
    call:talk { frames = 25, every = "20ms" }

    expect(call.method):is "ice"
    expect(call.pair):is(case.pair)
    expect(call.arrived):is_at_least(25)
    -- Voice is 160 bytes and more at a time; checks are fewer.
    if case.tcp then
      expect(w.bob):saw_nothing "udp and greater 180"
      expect(w.bob):saw_at_least(25, "tcp and greater 180")
    else
      expect(w.bob):saw_at_least(25, "udp and greater 180")
      expect(w.bob):saw_nothing "tcp and greater 180"
    end
    expect(w.server):saw_nothing "greater 180"
  end,

  twins = { { set = { case = "both without", tcp = false }, fails = "expected ice, got none" } },
}
