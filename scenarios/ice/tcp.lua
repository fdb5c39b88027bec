-- Candidates over TCP (RFC 6544): an active one connects to a passive one where nothing is in the way; behind NATs both
-- sides open a connection at once, from and to the ports that a server has seen. UDP is preferred where it works.
local cases = {
  ["no NAT"]       = { a = "no-nat",               b = "no-nat",               tcp = "only", pair = "tcp" },
  ["caller's NAT"] = { a = "port-restricted-cone", b = "no-nat",               tcp = "only", pair = "tcp active" },
  ["callee's NAT"] = { a = "no-nat",               b = "port-restricted-cone", tcp = "only", pair = "tcp passive" },
  ["cones"]        = { a = "port-restricted-cone", b = "port-restricted-cone", tcp = "only", pair = "tcp so" },
  ["UDP blocked"]  = { a = "udp-blocked",          b = "port-restricted-cone", tcp = true,   pair = "tcp so" },
  ["UDP open"]     = { a = "port-restricted-cone", b = "port-restricted-cone", tcp = true,   pair = "udp" },
}

return {
  title  = "ICE over TCP",
  params = {
    case = { "no NAT", "caller's NAT", "callee's NAT", "cones", "UDP blocked", "UDP open" },
    controls = { "alice", "bob" },
    tcp = true,
  },

  world = function (p)
    return {
      server = host { services = { "turn" } },
      home_a = net { nat = cases[p.case].a, alice = host {} },
      home_b = net { nat = cases[p.case].b, bob = host {} },
    }
  end,

  run = function (w, p)
    local case = cases[p.case]
    local function agent(host)
      return host:ice { role = host.name == p.controls and "controlling" or "controlled", stun = w.server,
        tcp = p.tcp and case.tcp, within = "1s" }
    end
    local alice, bob = agent(w.alice), agent(w.bob)

    bob:told(alice:description())
    alice:told(bob:description())
    local connected = alice:connect { within = "20s" }
    expect(connected):is(true)
    if not connected then return end
    expect(bob:connect()):is(true)
    -- Of two connections that stand, the one that the controlling side has opened comes first (RFC 8445, 6.1.2.3).
    local active = p.controls == "alice" and "tcp active" or "tcp passive"
    expect(alice:pair().here.transport):is(case.pair == "tcp" and active or case.pair)
    expect(alice:pair().there.at):is(bob:pair().here.at)

    for i = 1, 20 do
      local words = ("across " .. i):rep(50)
      alice:send(words)
      expect(bob:recv()):is(words)
      bob:send(words)
      expect(alice:recv()):is(words)
    end
    if case.pair == "udp" then return end
    expect(w.bob):saw "tcp"
    expect(w.server):saw_nothing "tcp and tcp[tcpflags] & tcp-push != 0 and greater 300"
  end,

  twins = { { set = { case = "UDP blocked", controls = "alice", tcp = false }, fails = "expected true, got nil" } },
}
