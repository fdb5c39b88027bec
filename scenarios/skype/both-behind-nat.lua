-- Two callers at home. A supernode, which both hold a TCP connection to, tells each the other's address; then both
-- speak first.
return {
  title  = "Both behind NAT: introduced by a supernode, punched by both",
  claims = { "SKB-10", "SKB-11", "SKA-07" },
  params = { a = "port-restricted-cone", b = "port-restricted-cone" },

  world = function (p)
    return {
      supernode = host { services = { "rendezvous" } },
      home_a = net { nat = p.a, alice = host {}, link = { delay = "20ms" } },
      isp_b  = net { nat = "carrier-grade", home_b = net { nat = p.b, bob = host {} } },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.supernode, try = { "direct", "punch" }, attempt = "1s" })
    call:talk { frames = 50, every = "20ms" }

    expect(call.method):is "punch"
    expect(call.arrived):is_at_least(50)
    expect(w.home_a.wan):saw("udp and src host " .. w.isp_b.address)
    expect(w.supernode):saw_nothing("udp[8:4] = 0x564f4943") -- no voice through the supernode
  end,

  twins = {
    { set = { b = "symmetric-random" }, fails = "expected punch, got none" },
    { set = { b = "full-cone" }, fails = "expected punch, got direct" },
  },
}
