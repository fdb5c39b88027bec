-- Alice has IPv6 addresses, and a gateway that lets nothing through: what many a tunnel was. She first waits for it in
-- vain, 2 s for each connection to the rendezvous and 500 ms for the attempt, and then goes on by IPv4.
return {
  title  = "IPv6 broken on one side: IPv4 after a while",
  params = { broken = true },

  world = function (p)
    local dead = { base = "ipv6-firewall", udp = { blocked = true }, tcp = { blocked = true } }
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat = "port-restricted-cone", nat6 = p.broken and dead or "ipv6-router", alice = host {} },
      home_b = net { nat = "port-restricted-cone", nat6 = "ipv6-firewall", bob = host {} },
    }
  end,

  run = function (w)
    local began = w:now()
    local call = connect(w.alice, w.bob, { try = { "punch" }, attempt = "500ms" })
    local took = w:now() - began
    call:talk { frames = 20, every = "20ms" }
    expect(call.method):is "punch"
    expect(call.family):is "ipv4"
    expect(call:worked("punch", "ipv6")):is(false)
    expect(took):is_at_least(2.5)
    expect(took):is_at_most(3.5)
  end,

  twins = { { set = { broken = false }, fails = "expected ipv4, got ipv6" } },
}
