-- Only the callee is behind a NAT. The caller's wish travels through the supernode and down the TCP connection that
-- the callee holds; the callee then speaks first, and both ways are open.
return {
  title  = "Callee behind NAT: the supernode has the callee call back",
  claims = { "SKB-08" },
  params = { b = "port-restricted-cone" },

  world = function (p)
    return {
      supernode = host { services = { "rendezvous" } },
      alice     = host {},
      home_b    = net { nat = p.b, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.supernode, try = { "direct", "reversal" }, attempt = "400ms" })
    call:talk { frames = 25, every = "20ms" }

    expect(call:worked "direct"):is(false)
    expect(call.method):is "reversal"
    expect(call.arrived):is_at_least(25)
    expect(w.bob):saw("tcp and src host " .. w.supernode.address)
    expect(w.alice):saw("udp and src host " .. w.home_b.address)
  end,

  twins = { { set = { b = "full-cone" }, fails = "expected false, got true" } },
}
